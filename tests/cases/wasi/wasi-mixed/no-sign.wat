(module
  (@dylink.0 (mem-info))
  (import "env" "stat" (func $stat (param i32 i32) (result i32)))
  (func (export "is_there") (param $path i32) (result i32)
    (i32.eqz (call $stat (local.get $path) (i32.const 0)))))

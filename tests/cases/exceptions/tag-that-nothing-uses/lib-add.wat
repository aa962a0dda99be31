(module
  (@dylink.0 (mem-info))
  (import "env" "__cpp_exception" (tag $exception (param i32)))
  (import "env" "counter" (global $counter (mut i32)))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "throws")
    (global.set $counter (i32.add (global.get $counter) (i32.const 1)))
    (throw $exception (global.get $counter))))

(module
  (@dylink.0 (mem-info))
  (import "env" "f" (func $f (result i32)))
  (import "env" "g" (func $g))
  (func (export "test") (result i32) (call $f)))

(module
  (@dylink.0 (mem-info))
  (import "env" "g" (func $g))
  (func (export "f") (result i32) (i32.const 2)))

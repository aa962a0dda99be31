(module
  (@dylink.0 (mem-info))
  (import "env" "swap" (func $swap (param i32) (result i32)))
  (func (export "test") (result i32) (call $swap (i32.const 42))))

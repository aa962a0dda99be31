(module
  (import "other" "value" (func $value (result i32)))
  (memory (export "memory") 1)
  (func (export "one") (result i32) (i32.load (i32.const 0)))
  (func (export "other") (result i32) (call $value)))

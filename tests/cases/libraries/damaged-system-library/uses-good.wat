(module
  (@dylink.0 (mem-info))
  (import "env" "good" (func $good (result i32)))
  (func (export "test") (result i32) (call $good)))

(module
  (@dylink.0 (mem-info))
  (import "env" "good" (func (param i64)))
  (func (export "bad") (result i32) (i32.const 1)))

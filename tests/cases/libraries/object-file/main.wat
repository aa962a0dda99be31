;; An object file cannot be linked, and the error says so.
(module
  (@dylink.0 (mem-info))
  (import "env" "wide" (func (param i64) (result i64)))
  (func (export "test") (result i32) (i32.const 1)))

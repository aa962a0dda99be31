;; The linked library exports no symbols, like Rust without `#[unsafe(no_mangle)]`, and the error
;; says so.
(module
  (@dylink.0 (mem-info))
  (import "env" "add" (func (param i32 i32) (result i32)))
  (func (export "test") (result i32) (i32.const 1)))

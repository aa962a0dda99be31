;; The library that was given exports nothing that others could use, as Rust without `#[unsafe(no_mangle)]`.
(module
  (@dylink.0 (mem-info))
  (import "env" "add" (func (param i32 i32) (result i32)))
  (func (export "test") (result i32) (i32.const 1)))

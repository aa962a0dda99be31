;; Object files joined by `wasm-ld -r` cannot be linked either.
(module
  (@dylink.0 (mem-info))
  (import "env" "wide" (func (param i64) (result i64)))
  (func (export "test") (result i32) (i32.const 1)))

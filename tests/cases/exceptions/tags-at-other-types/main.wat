;; A tag is imported at the type that its definition has.
(module
  (@dylink.0 (mem-info) (needed "lib-defines.wasm"))
  (import "env" "pair" (tag (param i32)))
  (import "env" "single" (tag (param i32 i32)))
  (import "env" "right" (tag (param i64)))
  (import "GOT.func" "function" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

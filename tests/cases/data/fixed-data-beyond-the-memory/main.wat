;; A program's data reaches beyond its declared memory, to where a library's data would be.
(module
  (@dylink.0 (mem-info) (needed "needed-data.wasm"))
  (import "env" "memory" (memory 1))
  (import "env" "nothing" (func $nothing))
  (func (export "test") (result i32) (call $nothing) (i32.const 1))
  (data (i32.const 65530) "0123456789"))

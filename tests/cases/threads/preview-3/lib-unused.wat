;; Imports the functions, as every library for WASI preview 3 does, and has no thread-local variables.
(module
  (@dylink.0 (mem-info))
  (import "env" "__wasm_get_tls_base" (func (result i32)))
  (import "env" "__wasm_set_tls_base" (func (param i32)))
  (func (export "unused") (result i32) (i32.const 9)))

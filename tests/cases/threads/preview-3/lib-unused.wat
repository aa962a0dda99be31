;; Has no thread-local variables. It imports the functions nevertheless, as every library for WASI
;; preview 3 does. What a libc defines under such a name is not used: the linker's own is.
(module
  (@dylink.0 (mem-info))
  (import "env" "__wasm_get_tls_base" (func (result i32)))
  (import "env" "__wasm_set_tls_base" (func (param i32)))
  (func (export "__wasm_get_stack_pointer") (result i32) (unreachable))
  (func (export "__wasm_set_stack_pointer") (param i32) (unreachable))
  (func (export "unused") (result i32) (i32.const 9)))

;; A module that uses a thread-local variable, although its start function has prepared none, traps:
;; otherwise it would use whatever is at the lowest addresses.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "env" "__wasm_get_tls_base" (func $get_tls_base (result i32)))
  (func (export "test") (result i32)
    (i32.store offset=4 (call $get_tls_base) (i32.const 42))
    (i32.load offset=4 (call $get_tls_base))))

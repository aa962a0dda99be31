;; A module that shares nothing is initialised like any other. It may use the names of shared items
;; for its own.
(module
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (func (export "__indirect_function_table"))
  (func (export "__wasm_call_ctors") (global.set $ready (i32.const 42)))
  (func (export "test") (result i32) (global.get $ready)))

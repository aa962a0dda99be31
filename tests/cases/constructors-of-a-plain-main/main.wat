;; A module that is linked to nothing is prepared as others are; it has no name that would be private.
(module
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (func (export "__wasm_call_ctors") (global.set $ready (i32.const 42)))
  (func (export "test") (result i32) (global.get $ready)))

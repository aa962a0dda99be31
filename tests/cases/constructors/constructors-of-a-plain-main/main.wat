;; A module that shares nothing is prepared as others are. The names of what others share are free.
(module
  (memory (export "memory") 1)
  (global $ready (mut i32) (i32.const 0))
  (func (export "__indirect_function_table"))
  (func (export "__wasm_call_ctors") (global.set $ready (i32.const 42)))
  (func (export "test") (result i32) (global.get $ready)))

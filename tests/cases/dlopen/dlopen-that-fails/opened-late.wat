;; Its constructor calls a null pointer.
(module
  (@dylink.0 (mem-info (memory 100 4) (table 3 0)))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (type $nothing (func))
  (func (export "bad") (result i32) (i32.const 1))
  (func (export "__wasm_call_ctors") (call_indirect (type $nothing) (i32.const 0))))

;; Exports with names of the convention must have its types: initialisers have no parameters and
;; results, and memory and table are a memory and a table. Anything else could only give an invalid
;; module.
(module
  (@dylink.0 (mem-info))
  (func $f (param i32))
  (global $g i32 (i32.const 0))
  (export "memory" (func $f))
  (export "__indirect_function_table" (func $f))
  (export "__wasm_call_ctors" (global $g))
  (export "__wasm_apply_data_relocs" (func $f))
  (func (export "test") (result i32) (i32.const 42)))

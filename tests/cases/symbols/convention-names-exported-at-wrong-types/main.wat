;; What is called by the convention is a function without parameters and results, and the shared memory and table are
;; what they are called: all else could only become a module that is not valid.
(module
  (@dylink.0 (mem-info))
  (func $f (param i32))
  (global $g i32 (i32.const 0))
  (export "memory" (func $f))
  (export "__indirect_function_table" (func $f))
  (export "__wasm_call_ctors" (global $g))
  (export "__wasm_apply_data_relocs" (func $f))
  (func (export "test") (result i32) (i32.const 42)))

;; Its data is right once its relocation and its constructor have run: the one is applied when the program is
;; written, the other must run.
(module
  (@dylink.0 (mem-info (memory 8 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (data (global.get $base) "\00\00\00\00\01\00\00\00")
  (func (export "__wasm_apply_data_relocs")
    (i32.store (global.get $base) (i32.add (global.get $base) (i32.const 4))))
  (func (export "__wasm_call_ctors")
    (i32.store (i32.load (global.get $base)) (i32.add (i32.load (i32.load (global.get $base))) (i32.const 41))))
  (func (export "answer") (result i32) (i32.load (i32.load (global.get $base)))))

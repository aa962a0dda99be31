(module
  (memory (export "memory") 16)
  (global (export "__data_end") i32 (i32.const 1048576))
  (global (export "__heap_base") i32 (i32.const 1048576))
  (func (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))

(module
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 0xffffffff funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 0))
  (func (export "test") (result i32) (i32.const 42)))
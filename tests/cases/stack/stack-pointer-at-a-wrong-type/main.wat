;; Code that uses a main's stack pointer would not be valid with the process's.
(module
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i64) (i64.const 1024))
  (global (export "__heap_base") i32 (i32.const 1024))
  (global (export "__heap_end") i32 (i32.const 65536))
  (func (export "test") (result i32) (i32.const 1)))

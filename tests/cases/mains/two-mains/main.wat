;; A program cannot have two mains: each has its data at fixed addresses, and its own memory, table
;; and stack.
(module
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 131072))
  (func (export "test") (result i32) (i32.const 1)))

;; A main's stack pointer has another type than the process's, so its code would not be valid with
;; it.
(module
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i64) (i64.const 1024))
  (global (export "__heap_base") i32 (i32.const 1024))
  (global (export "__heap_end") i32 (i32.const 65536))
  (func (export "test") (result i32) (i32.const 1)))

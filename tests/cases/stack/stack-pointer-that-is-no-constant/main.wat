;; The start of a main's stack must be known before any module is instantiated.
(module
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (export "__stack_pointer" (global $stack_pointer))
  (global (export "__heap_base") i32 (i32.const 1024))
  (global (export "__heap_end") i32 (i32.const 65536))
  (func (export "test") (result i32) (i32.const 1)))

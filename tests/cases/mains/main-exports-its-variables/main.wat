;; A main provides the stack and heap of the process's memory, and has two variables: one in memory,
;; whose address it exports, and one that is not in the process's memory.
(module
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (global (export "in_memory") i32 (i32.const 1024))
  (global $counter (export "counter") (mut i32) (i32.const 7))
  (data (i32.const 1024) "\06\00\00\00")
  (func (export "test") (result i32) (i32.mul (i32.load (i32.const 1024)) (global.get $counter))))

;; A main that gives the process's memory a stack and a heap, and has variables: one in memory, whose address is exported,
;; and one that is none of the process's.
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

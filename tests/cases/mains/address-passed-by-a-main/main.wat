;; A main keeps data that its code does not read: the code only passes its address, a plain number,
;; to a library.
(module
  (import "env" "read" (func $read (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (data (i32.const 1024) "\2a\00\00\00")
  (func (export "test") (result i32) (call $read (i32.const 1024))))

;; Has data, but no code that reads it: all that tells is a number, which a library takes for an address.
(module
  (import "env" "read" (func $read (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (data (i32.const 1024) "\2a\00\00\00")
  (func (export "test") (result i32) (call $read (i32.const 1024))))

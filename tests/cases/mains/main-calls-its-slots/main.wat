;; A main calls functions by slot numbers that are plain constants in its code, so everything in its
;; slots is kept.
(module
  (import "env" "add" (func $add (param i32) (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 3 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 4096))
  (global (export "__heap_base") i32 (i32.const 8192))
  (global (export "__heap_end") i32 (i32.const 65536))
  (type $number (func (result i32)))
  (elem (i32.const 1) func $wrong $right)
  (func $wrong (result i32) (i32.const 1))
  (func $right (result i32) (i32.load (i32.const 1024)))
  (data (i32.const 1024) "\28\00\00\00")
  (func $call (param i32) (result i32) (call_indirect (type $number) (local.get 0)))
  (func (export "test") (result i32) (call $add (call $call (i32.const 2)))))

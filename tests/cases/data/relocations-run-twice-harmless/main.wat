;; Relocations may run twice: a library relocates itself before this module, which defines the
;; target of its pointer, is instantiated.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "pointer_to_number" (func $pointer_to_number (result i32)))
  (import "env" "pointer_to_answer" (func $pointer_to_answer (result i32)))
  (import "env" "times_relocated" (func $times_relocated (result i32)))
  (global (export "number") i32 (i32.const 0))
  (data (global.get $base) "\28\00\00\00")
  (func (export "answer") (result i32) (i32.const 2))
  (func (export "test") (result i32)
    (if (i32.ne (call $times_relocated) (i32.const 3)) (then (return (i32.const 1))))
    (if (i32.ne (call $pointer_to_number) (global.get $base)) (then (return (i32.const 2))))
    (i32.add
      (i32.load (call $pointer_to_number))
      (call_indirect (result i32) (call $pointer_to_answer)))))

;; A main lends the second of its tables. The slot of `answer` in the first is not a slot of the
;; process's table, where another function has that slot.
(module
  (import "env" "call_answer" (func $call_answer (result i32)))
  (memory (export "memory") 1)
  (table $own 3 funcref)
  (table $shared (export "__indirect_function_table") 3 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (elem (table $own) (i32.const 2) func $answer)
  (elem (table $shared) (i32.const 2) func $other)
  (func $answer (export "answer") (result i32) (i32.const 50))
  (func $other (result i32) (i32.const 8))
  (func (export "test") (result i32)
    (i32.sub (call $call_answer) (call_indirect $shared (result i32) (i32.const 2)))))

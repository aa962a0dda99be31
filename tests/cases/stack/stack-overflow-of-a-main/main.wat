;; A main has its own stack at the lowest addresses, as rustc makes it, and a library overflows that
;; stack too.
(module
  (import "env" "down" (func $down))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__stack_low") i32 (i32.const 0))
  (global (export "__stack_high") i32 (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 131072))
  (func (export "test") (result i32) (call $down) (i32.const 42)))

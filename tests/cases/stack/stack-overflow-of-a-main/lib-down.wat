;; Uses the stack until nothing is left.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (func $down (export "down")
    (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 8192)))
    (i32.store (global.get $stack_pointer) (i32.const -1))
    (call $down)))

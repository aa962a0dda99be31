;; One frame is larger than the whole stack, and its first byte is written.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (func (export "test") (result i32)
    (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 10000000)))
    (i32.store8 (global.get $stack_pointer) (i32.const 1))
    (i32.const 42)))

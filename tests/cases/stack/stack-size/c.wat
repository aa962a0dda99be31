;; Uses the given number of KiB of the stack, and returns it to the caller.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (func (export "use") (param $kib i32) (result i32) (local $before i32)
    (local.set $before (global.get $stack_pointer))
    (global.set $stack_pointer
      (i32.sub (global.get $stack_pointer) (i32.shl (local.get $kib) (i32.const 10))))
    (i32.store8 (global.get $stack_pointer) (i32.const 1))
    (global.set $stack_pointer (local.get $before))
    (local.get $kib)))

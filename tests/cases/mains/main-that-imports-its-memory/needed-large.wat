;; Fills 1,000,000 bytes of the stack, more than the main has below its data.
(module
  (@dylink.0 (mem-info (memory 0 4)))
  (import "env" "memory" (memory 1))
  (import "env" "__stack_pointer" (global $sp (mut i32)))
  (func (export "fill")
    (global.set $sp (i32.sub (global.get $sp) (i32.const 1000000)))
    (memory.fill (global.get $sp) (i32.const 120) (i32.const 1000000))
    (global.set $sp (i32.add (global.get $sp) (i32.const 1000000)))))

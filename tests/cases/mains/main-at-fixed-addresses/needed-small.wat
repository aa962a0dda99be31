;; Has data, and fills 1,000 bytes of the stack as a function with a large array does.
(module
  (@dylink.0 (mem-info (memory 1000 4)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__stack_pointer" (global $sp (mut i32)))
  (func (export "fill")
    (global.set $sp (i32.sub (global.get $sp) (i32.const 1000)))
    (memory.fill (global.get $sp) (i32.const 120) (i32.const 1000))
    (memory.fill (global.get $base) (i32.const 121) (i32.const 1000))
    (global.set $sp (i32.add (global.get $sp) (i32.const 1000)))))

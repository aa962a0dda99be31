;; A recursion that overflows the stack ends below address 0, and the data above the stack stays
;; intact until then.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (data (global.get $memory_base) "data")
  (func $down (export "down")
    (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 65536)))
    (memory.fill (global.get $stack_pointer) (i32.const 255) (i32.const 65536))
    (if (i32.ne (i32.load (global.get $memory_base)) (i32.const 0x61746164)) (then (return)))
    (call $down))
  (func (export "test") (result i32) (call $down) (i32.const 42)))

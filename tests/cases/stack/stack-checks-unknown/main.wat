;; A function that sets the stack's bounds differs from those that Emscripten writes, so the linker
;; cannot know where they are kept.
(module
    (@dylink.0 (mem-info))
    (import "env" "memory" (memory 0))
    (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
    (global $bound (mut i32) (i32.const 0))
    (func (export "__set_stack_limits") (param i32 i32)
        (global.set $bound (i32.add (local.get 0) (local.get 1))))
    (func (export "test") (result i32)
        (if (i32.lt_u (global.get $stack_pointer) (global.get $bound)) (then (unreachable)))
        (i32.const 42)))

;; A program with its own stack computes its bounds, and its stack checks get a copy of them, as
;; from JavaScript.
(module
    (memory (export "memory") 2)
    (global $stack_pointer (mut i32) (i32.const 66576))
    (global $base (mut i32) (i32.const 0))
    (global $end (mut i32) (i32.const 0))
    (global $high (mut i32) (i32.const 0))
    (global $low (mut i32) (i32.const 0))
    (func (export "emscripten_stack_init")
        (global.set $base (i32.const 66576))
        (global.set $end (i32.and (i32.add (i32.const 1030) (i32.const 15)) (i32.const -16))))
    (func (export "emscripten_stack_get_base") (result i32) (global.get $base))
    (func (export "emscripten_stack_get_end") (result i32) (global.get $end))
    (func (export "__set_stack_limits") (param i32 i32)
        (global.set $high (local.get 0))
        (global.set $low (local.get 1)))
    (func (export "test") (result i32)
        (if (i32.or
                (i32.gt_u (global.get $stack_pointer) (global.get $high))
                (i32.lt_u (i32.const 1040) (global.get $low)))
            (then (unreachable)))
        (i32.sub (global.get $low) (i32.const 998))))

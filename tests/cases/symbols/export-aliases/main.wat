;; A function with two names has one slot, so its pointers are equal in all modules. Another
;; function with the same code has another slot.
(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "GOT.func" "first_name" (global $first (mut i32)))
  (import "GOT.func" "lookalike" (global $lookalike (mut i32)))
  (import "env" "pointer_by_second_name" (func $second (result i32)))
  (func (export "test") (result i32)
    (if (i32.eqz (global.get $first)) (then (return (i32.const 1))))
    (if (i32.ne (global.get $first) (call $second)) (then (return (i32.const 2))))
    (if (i32.eq (global.get $first) (global.get $lookalike)) (then (return (i32.const 3))))
    (call_indirect (param i32) (result i32) (i32.const 41) (global.get $first))))

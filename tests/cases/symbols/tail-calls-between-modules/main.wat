;; A million tail calls go back and forth between two modules and use no stack, as if they were in
;; one module.
(module
  (@dylink.0 (mem-info))
  (import "env" "is_odd" (func $is_odd (param i32) (result i32)))
  (func $is_even (export "is_even") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $is_odd (i32.sub (local.get 0) (i32.const 1))))
  (func (export "test") (result i32)
    (if (call $is_odd (i32.const 1000000)) (then (return (i32.const 1))))
    (i32.const 42)))

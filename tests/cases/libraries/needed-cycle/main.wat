;; Libraries may need each other, and modules that are already being linked: each is loaded once,
;; and the search ends.
(module
  (@dylink.0 (mem-info) (needed "needed-even.wasm"))
  (import "env" "is_even" (func $is_even (param i32) (result i32)))
  (func (export "not") (param i32) (result i32) (i32.eqz (local.get 0)))
  (func (export "test") (result i32)
    (if (i32.ne (call $is_even (i32.const 10)) (i32.const 1)) (then (return (i32.const 1))))
    (if (i32.ne (call $is_even (i32.const 7)) (i32.const 0)) (then (return (i32.const 2))))
    (i32.const 42)))

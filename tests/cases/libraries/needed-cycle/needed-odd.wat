;; Odd is what is not even. Needs the library that needs it, and main.
(module
  (@dylink.0 (mem-info) (needed "needed-even.wasm" "main.wasm"))
  (import "env" "is_even" (func $is_even (param i32) (result i32)))
  (import "env" "not" (func $not (param i32) (result i32)))
  (func (export "is_odd") (param i32) (result i32)
    (call $not (call $is_even (local.get 0)))))

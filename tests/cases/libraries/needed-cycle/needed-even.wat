;; Even is what comes after odd.
(module
  (@dylink.0 (mem-info) (needed "needed-odd.wasm"))
  (import "env" "is_odd" (func $is_odd (param i32) (result i32)))
  (func (export "is_even") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (call $is_odd (i32.sub (local.get 0) (i32.const 1))))
      (else (i32.const 1)))))

;; A module with its own memory gets only values that cannot be pointers, so there is no warning.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "env" "half" (func $half (param f64) (result f64)))
  (func (export "test") (result i32) (i32.trunc_f64_s (call $half (f64.const 84)))))

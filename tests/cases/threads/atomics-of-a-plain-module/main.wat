;; A plain module's atomic instructions use a memory of another module, which is not shared between
;; threads either.
(module
  (@dylink.0 (mem-info))
  (import "env" "tick" (func $tick (param i64) (result i64)))
  (func (export "test") (result i32)
    (drop (call $tick (i64.const 40)))
    (drop (call $tick (i64.const 2)))
    (i32.wrap_i64 (call $tick (i64.const 0)))))

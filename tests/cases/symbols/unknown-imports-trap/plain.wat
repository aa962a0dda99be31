;; Keeps a memory of its own.
(module
  (import "env" "nothing" (func $nothing (param i64) (result f32 f64)))
  (memory 1)
  (func (export "test") (result i32) (i32.const 42))
  (func (export "calls") (result f32 f64) (call $nothing (i64.const 1))))

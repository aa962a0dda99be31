;; `exit(3)` in a function that the host has called.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "stop") (call $proc_exit (i32.const 3)))
  (func (export "numbers") (result i32 i64 f32 f64)
    i32.const -1 i64.const -5000000000 f32.const 0.5 f64.const 0.25))

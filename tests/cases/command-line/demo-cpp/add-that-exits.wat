;; `exit(3)` in a function that the host has called.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "add") (param i32 i32) (result i32)
    (call $proc_exit (i32.const 3))
    unreachable))

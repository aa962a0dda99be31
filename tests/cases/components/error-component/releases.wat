;; A library that uses libc's heap.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "env" "malloc" (func $malloc (param i32) (result i32)))
  (func (export "release") (param i32) (drop (call $malloc (local.get 0)))))

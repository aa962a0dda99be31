;; Reads the process's memory at 0, which no code writes.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (func (export "peek") (result i32) (i32.load (i32.const 0))))

;; Not position independent either: its data would lie over the main's.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (func (export "other") (result i32) (i32.load (i32.const 1024)))
  (data (i32.const 1024) "there"))

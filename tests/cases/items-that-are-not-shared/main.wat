;; Who shares the process's table has no other module's.
(module
  (@dylink.0 (mem-info))
  (import "env" "other_table" (table 1 funcref))
  (func (export "test") (result i32) (i32.const 1)))

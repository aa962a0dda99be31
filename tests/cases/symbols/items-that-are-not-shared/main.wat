;; Who shares the process's table has no other module's, and of globals there are addresses alone.
(module
  (@dylink.0 (mem-info))
  (import "env" "other_table" (table 1 funcref))
  (import "env" "other_global" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

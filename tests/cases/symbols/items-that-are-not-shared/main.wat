;; Modules that share the process's table cannot import other tables. They can import mutable globals.
(module
  (@dylink.0 (mem-info))
  (import "env" "other_table" (table 1 funcref))
  (import "env" "other_global" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

;; Others export just these names, but as something that a module cannot have of another.
(module
  (@dylink.0 (mem-info))
  (import "env" "__asyncify_state" (global (mut i32)))
  (import "env" "other_type" (global i32))
  (import "env" "passed_on" (func))
  (func (export "test") (result i32) (i32.const 1)))

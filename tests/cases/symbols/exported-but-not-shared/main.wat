;; Another module exports these names, but as items that modules cannot share.
(module
  (@dylink.0 (mem-info))
  (import "env" "__asyncify_state" (global (mut i32)))
  (import "env" "other_type" (global i32))
  (import "env" "passed_on" (func))
  (func (export "test") (result i32) (i32.const 1)))

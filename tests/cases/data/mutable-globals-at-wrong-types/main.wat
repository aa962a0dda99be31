;; The content, the mutability and the kind must be the same, and some module must define it.
(module
  (@dylink.0 (mem-info))
  (import "env" "wide" (global (mut i64)))
  (import "env" "fixed" (global f32))
  (import "env" "called" (global (mut i32)))
  (import "env" "nowhere" (global (mut i32)))
  (import "env" "__asyncify_state" (global (mut i64)))
  (func (export "test") (result i32) (i32.const 42)))

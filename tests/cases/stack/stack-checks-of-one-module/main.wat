;; A module that is compiled with stack checks, but whose code never moves the stack pointer: the
;; optimizer leaves nothing of its function that sets the bounds. Its library has checks, and knows
;; the bounds.
(module
  (@dylink.0 (mem-info))
  (import "env" "passes" (func $passes (result i32)))
  (func (export "__set_stack_limits") (param i32 i32) (nop))
  (func (export "test") (result i32) (call $passes)))

;; A mutable global that one module exports is the same variable in all that import it: one of the
;; program itself, although the library that uses it is called by the program, and one of a library.
(module
  (@dylink.0 (mem-info))
  (import "env" "advance" (func $advance (param i64)))
  (import "env" "step" (global $step (mut i64)))
  (global $position (export "position") (mut i64) (i64.const 2))
  (func (export "test") (result i32)
    (global.set $step (i64.const 10))
    (call $advance (i64.const 4))
    (i32.wrap_i64 (global.get $position))))

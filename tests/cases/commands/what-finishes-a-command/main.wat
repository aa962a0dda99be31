;; A command runs `atexit` handlers and writes buffered output at its end. This one registers a
;; handler and writes, so both are called, whatever it returns.
(module
  (@dylink.0 (mem-info))
  (import "env" "write_nothing" (func $write_nothing (result i32)))
  (import "env" "__cxa_atexit" (func $at_exit (param i32 i32 i32) (result i32)))
  (func (export "test") (result i32)
    (i32.add (i32.const 42)
      (i32.add (call $write_nothing)
        (call $at_exit (i32.const 0) (i32.const 0) (i32.const 0))))))

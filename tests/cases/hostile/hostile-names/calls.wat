(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "other" "g\e2\80\ae\1b[2J\0aerror: forged\c2\9b" (func $g (param i32) (result i32)))
  (func (export "x\e2\80\ae\1b[2J\0aerror: forged\c2\9b"))
  (func (export "test") (result i32) (call $g (i32.const 1))))
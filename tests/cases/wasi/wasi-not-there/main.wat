(module
  (@dylink.0 (mem-info) (needed "libc.so"))
  (import "env" "abs" (func $abs (param i32) (result i32)))
  (func (export "test") (result i32) (call $abs (i32.const -42))))

(module
  (@dylink.0 (mem-info) (needed "libc.so"))
  (import "env" "memory" (memory 1))
  (import "GOT.mem" "errno" (global $errno (mut i32)))
  (import "env" "abs" (func $abs (param i32) (result i32)))
  (func (export "test") (result i32) (i32.load (global.get $errno))))

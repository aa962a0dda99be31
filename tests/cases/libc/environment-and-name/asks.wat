;; Prints a variable that it gets from libc.
(module
  (@dylink.0 (mem-info (memory 2 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "puts" (func $puts (param i32) (result i32)))
  (import "env" "getenv" (func $getenv (param i32) (result i32)))
  (data (global.get $base) "A\00")
  (func (export "asks") (drop (call $puts (call $getenv (global.get $base))))))

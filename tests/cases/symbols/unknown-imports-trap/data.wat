;; Lacks a function and a variable.
(module
  (@dylink.0 (mem-info))
  (import "env" "nothing" (func $nothing))
  (import "GOT.mem" "counter" (global $counter (mut i32)))
  (import "env" "level" (global $level i32))
  (func (export "test") (result i32)
    (call $nothing)
    (i32.add (global.get $counter) (global.get $level))))

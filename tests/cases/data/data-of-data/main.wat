;; Comes to the number by way of the pointer: no code refers to the data that it lies in.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "GOT.mem" "pointer" (global $pointer (mut i32)))
  (func (export "test") (result i32) (i32.load (i32.load (global.get $pointer)))))

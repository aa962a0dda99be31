;; What is known before the program runs is written into the image of the process's memory, but this is another one.
(module
  (@dylink.0 (mem-info))
  (import "env" "sum" (func $sum (result i32)))
  (func (export "test") (result i32) (call $sum)))

;; What is known before the program runs is written into the image of the process's memory, but these are others.
(module
  (@dylink.0 (mem-info))
  (import "env" "forty" (func $forty (result i32)))
  (import "env" "two" (func $two (result i32)))
  (func (export "test") (result i32) (i32.add (call $forty) (call $two))))

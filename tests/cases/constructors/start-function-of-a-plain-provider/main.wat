;; Writes to a plain module's own memory do not end up in the image of the process's memory, which
;; holds what is known before the program runs.
(module
  (@dylink.0 (mem-info))
  (import "env" "forty" (func $forty (result i32)))
  (import "env" "two" (func $two (result i32)))
  (func (export "test") (result i32) (i32.add (call $forty) (call $two))))

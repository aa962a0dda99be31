;; A program calls a library, which calls back; each imports a function of the other.
(module
  (@dylink.0 (mem-info))
  (import "env" "half" (func $half (param i32) (result i32)))
  (func (export "double") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "test") (result i32) (call $half (i32.const 42))))

;; A weak function that no module defines traps when it is called.
(module
  (@dylink.0 (mem-info) (import-info "env" "nothing" binding-weak undefined))
  (import "env" "nothing" (func $nothing (param i32) (result i32)))
  (func (export "test") (result i32) (call $nothing (i32.const 42))))

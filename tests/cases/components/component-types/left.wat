;; World: pair.wit of-left
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "docs:pair/clock@0.1.0" "now" (func $now (result i32)))
  (import "env" "double" (func $double (param i32) (result i32)))
  (func (export "docs:pair/left@0.1.0#value") (result i32)
    (call $double (call $now))))

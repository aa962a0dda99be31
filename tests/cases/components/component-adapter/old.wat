;; For a host of its own, which defines `old.double`.
(module
  (import "old" "double" (func $double (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "twice") (param i32) (result i32)
    (call $double (local.get 0))))

;; One function has another version of the interface, one has another type, and one is missing.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (func (export "docs:app/adder@0.2.0#add") (param i32 i32) (result i32) (i32.const 0))
  (func (export "docs:app/adder@0.1.0#longer") (param i32 i32) (result i32) (i32.const 0)))

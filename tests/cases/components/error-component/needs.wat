(module
  (import "docs:app/adder@0.1.0" "add" (func $add (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "twice") (param i32) (result i32)
    (call $add (local.get 0) (local.get 0))))

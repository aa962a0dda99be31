(module
  (import "docs:app/adder@0.1.0" "add" (func $add (param i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "twice") (param i32) (result i32)
    (call $add (i64.const 0) (local.get 0))))

(module
  (import "env" "square" (func $square (param i32) (result i32)))
  (func (export "test") (result i32) (call $square (i32.const 6))))

(module
  (@dylink.0 (mem-info))
  (import "env" "three" (func $three (result i32)))
  (import "env" "abs" (func $abs (param i32) (result i32)))
  (func (export "test") (result i32) (call $abs (i32.sub (i32.const 0) (call $three)))))

(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (func (export "docs:app/adder@0.1.0#longer") (param i64 i32) (result i64) (i64.const 0))
  (func (export "Start") (param i32)))

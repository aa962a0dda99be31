(module
  (import "wasi:cli/exit@0.2.0" "exit" (func (param i32)))
  (func (export "test")))

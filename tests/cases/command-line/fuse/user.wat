(module
  (@dylink.0 (mem-info))
  (import "env" "answer" (func $answer (result i32)))
  (func (export "test") (result i32) (call $answer)))

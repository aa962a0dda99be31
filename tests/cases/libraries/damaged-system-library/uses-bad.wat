(module
  (@dylink.0 (mem-info))
  (import "env" "bad" (func $bad (result i32)))
  (func (export "test") (result i32) (call $bad)))

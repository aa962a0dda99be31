(module
  (@dylink.0 (mem-info))
  (func unreachable)
  (func (export "test") (result i32) (call 0) (i32.const 42))
  (@custom "name" (after last) "\01\16\03\00\04same\01\04same\ff\ff\ff\ff\0f\04same"))
(module
  (@dylink.0 (mem-info))
  (func (export "test") (result i32) (i32.const 42)))

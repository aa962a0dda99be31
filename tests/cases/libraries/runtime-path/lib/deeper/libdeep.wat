(module
  (@dylink.0 (mem-info))
  (func (export "deep") (result i32) (i32.const 41))
  (func (export "value") (result i32) (i32.const 41)))

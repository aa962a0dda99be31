(module
  (@dylink.0 (mem-info))
  (func (export "dep") (result i32) (i32.const 7))
  (func (export "value") (result i32) (i32.const 7)))

(module
  (@dylink.0 (mem-info))
  (func (export "forty") (result i32) (i32.const 40)))

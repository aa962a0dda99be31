(module
  (@dylink.0 (mem-info))
  (func (export "three") (result i32) (i32.const 3)))

(module
  (memory 1)
  (func (export "value") (result i32) (i32.load (i32.const 0))))

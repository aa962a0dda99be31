(module
  (memory (export "memory") 1)
  (func (export "_initialize")
    (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 21))))
  (func (export "test") (result i32) (i32.mul (i32.const 2) (i32.load (i32.const 0)))))

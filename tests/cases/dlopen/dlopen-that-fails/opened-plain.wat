(module (func (export "bad") (result i32) (i32.const 1)))

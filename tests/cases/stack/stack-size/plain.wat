(module (memory (export "memory") 1) (func (export "one") (result i32) (i32.const 1)))

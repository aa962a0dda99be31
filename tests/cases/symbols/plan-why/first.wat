(module (@dylink.0 (mem-info)) (func (export "f") (result i32) (i32.const 1)) (func (export "g")))

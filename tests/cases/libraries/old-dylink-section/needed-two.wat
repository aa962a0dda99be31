(module (@dylink.0 (mem-info)) (func (export "two") (result i32) (i32.const 2)))

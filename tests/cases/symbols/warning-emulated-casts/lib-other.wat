(module (@dylink.0 (mem-info)) (func (export "forty_two") (result i32) (i32.const 42)))

(module (func (export "add_") (param i32 i32) (result i32) (i32.const 0)))

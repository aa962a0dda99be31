(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "errno" (global (mut i32)))
  (import "env" "is_there" (func (param i32) (result i32)))
  (func (export "test") (result i32) i32.const 42))

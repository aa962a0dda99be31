(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "errno" (global (mut i32)))
  (func (export "test") (result i32) (global.get 0)))

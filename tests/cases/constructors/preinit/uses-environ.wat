(module
  (@dylink.0 (mem-info (memory 0 0)))
  (import "env" "memory" (memory 0))
  (import "GOT.mem" "environ" (global $environ (mut i32)))
  (func (export "test") (result i32) (i32.ne (i32.load (global.get $environ)) (i32.const 0))))

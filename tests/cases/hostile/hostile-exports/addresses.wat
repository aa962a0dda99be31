(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "long" (global (mut i32)))
  (import "GOT.mem" "float" (global (mut i32)))
  (import "GOT.mem" "changes" (global (mut i32)))
  (import "GOT.mem" "reference" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 42)))
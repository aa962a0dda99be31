(module
  (@dylink.0 (mem-info))
  (import "env" "ours" (global (mut i32)))
  (global (export "theirs") (mut i32) (i32.const 2)))

(module
  (@dylink.0 (mem-info))
  (import "env" "defined_nowhere" (func $passed_on))
  (global (export "__asyncify_state") (mut i32) (i32.const 0))
  (global (export "__asyncify_data") (mut i32) (i32.const 0))
  (global (export "other_type") (mut i64) (i64.const 0))
  (export "passed_on" (func $passed_on)))

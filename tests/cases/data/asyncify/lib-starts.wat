(module
  (@dylink.0 (mem-info))
  (import "env" "__asyncify_state" (global $state (mut i32)))
  (import "env" "__asyncify_data" (global $data (mut i32)))
  (func (export "start_unwind") (param i32)
    (global.set $state (i32.const 1))
    (global.set $data (local.get 0))))

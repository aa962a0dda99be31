;; Wants the addresses of data, and must not be given this library's `__memory_base` three times.
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "real" (global (mut i32)))
  (import "GOT.mem" "wide" (global (mut i32)))
  (import "GOT.mem" "slot" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

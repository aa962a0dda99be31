;; Wants the addresses of data, and must be given neither the `__memory_base` of `lib-values` three times nor a number
;; that is an address in the memory of `lib-apart`.
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "real" (global (mut i32)))
  (import "GOT.mem" "wide" (global (mut i32)))
  (import "GOT.mem" "slot" (global (mut i32)))
  (import "GOT.mem" "apart" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

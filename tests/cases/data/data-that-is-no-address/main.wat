;; Some exported globals are not addresses of data: those of `lib-values` are a float, a wide
;; integer and a slot, and that of `lib-apart` is an address in its own memory. Imports of data must
;; not resolve to them.
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "real" (global (mut i32)))
  (import "GOT.mem" "wide" (global (mut i32)))
  (import "GOT.mem" "slot" (global (mut i32)))
  (import "GOT.mem" "apart" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

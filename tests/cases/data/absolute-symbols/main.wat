;; A symbol with the flag for absolute values has no address in the data of its module: one with such a
;; flag is not taken for an address, which would be wrong by where the module is placed.
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "relative" (global (mut i32)))
  (import "GOT.mem" "fixed" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

;; Takes the addresses of both.
(module
  (@dylink.0 (mem-info))
  (import "GOT.func" "first" (global $first (mut i32)))
  (import "GOT.func" "second" (global $second (mut i32)))
  (func (export "first_slot") (result i32) (global.get $first))
  (func (export "second_slot") (result i32) (global.get $second)))

;; Knows the function by its second name.
(module
  (@dylink.0 (mem-info))
  (import "GOT.func" "second_name" (global $second (mut i32)))
  (func (export "pointer_by_second_name") (result i32) (global.get $second)))

;; Without constructors, the fused module still needs a start function for those of its modules. A
;; command needs none: its `_start` begins with them.
(module
  (@dylink.0 (mem-info))
  (import "env" "count" (func $count (result i32)))
  (func (export "test") (result i32) (call $count)))

;; A strong definition after a weak one.
(module
  (@dylink.0 (mem-info))
  (type $digit (func (result i32)))
  (import "env" "late" (func $late (type $digit)))
  (func (export "late") (type $digit) (i32.const 3))
  (func (export "late_for_b") (type $digit) (call $late)))

;; Both of its definitions come too late: what it calls through its imports is in other modules.
(module
  (@dylink.0 (mem-info))
  (type $digit (func (result i32)))
  (import "env" "who" (func $who (type $digit)))
  (import "env" "where" (func $where (type $digit)))
  (func (export "who") (type $digit) (i32.const 3))
  (func (export "where") (type $digit) (i32.const 3))
  (func (export "who_for_b") (type $digit) (call $who))
  (func (export "where_for_b") (type $digit) (call $where)))

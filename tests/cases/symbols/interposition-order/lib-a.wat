;; The second module that defines `who` and the first that defines `where`.
(module
  (@dylink.0 (mem-info))
  (type $digit (func (result i32)))
  (import "env" "who" (func $who (type $digit)))
  (import "env" "where" (func $where (type $digit)))
  (func $own_who (export "who") (type $digit) (i32.const 2))
  (func (export "where") (type $digit) (i32.const 2))
  (func (export "who_for_a") (type $digit) (call $who))
  (func (export "where_for_a") (type $digit) (call $where))
  ;; A direct call is none of the linker's business: only imports can be replaced.
  (func (export "own_who_of_a") (type $digit) (call $own_who)))

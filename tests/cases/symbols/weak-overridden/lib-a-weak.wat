;; Weak definitions: main has another `early`, and lib-b-strong another `late`.
(module
  (@dylink.0
    (mem-info)
    (export-info "early" binding-weak)
    (export-info "late" binding-weak))
  (type $digit (func (result i32)))
  (import "env" "early" (func $early (type $digit)))
  (import "env" "late" (func $late (type $digit)))
  (func (export "early") (type $digit) (i32.const 2))
  (func (export "late") (type $digit) (i32.const 2))
  (func (export "early_for_a") (type $digit) (call $early))
  (func (export "late_for_a") (type $digit) (call $late)))

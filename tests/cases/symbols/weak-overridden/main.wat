;; A program replaces a library's weak default by its own definition. The lookup order decides, as
;; with shared libraries on Linux: a strong definition that comes later replaces nothing.
(module
  (@dylink.0 (mem-info))
  (type $digit (func (result i32)))
  (import "env" "early_for_a" (func $early_for_a (type $digit)))
  (import "env" "late_for_a" (func $late_for_a (type $digit)))
  (import "env" "late_for_b" (func $late_for_b (type $digit)))
  (func (export "early") (type $digit) (i32.const 1))
  (func (export "test") (result i32)
    (if (i32.ne (call $early_for_a) (i32.const 1)) (then (return (i32.const 1))))
    (if (i32.ne (call $late_for_a) (i32.const 2)) (then (return (i32.const 2))))
    (if (i32.ne (call $late_for_b) (i32.const 2)) (then (return (i32.const 3))))
    (i32.const 42)))

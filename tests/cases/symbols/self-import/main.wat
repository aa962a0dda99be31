;; A module reaches one of its functions in three ways: directly, by import and by pointer.
(module
  (@dylink.0 (mem-info))
  (type $unary (func (param i32) (result i32)))
  (import "env" "double" (func $double (type $unary)))
  (import "env" "double_by_import" (func $by_import (type $unary)))
  (import "env" "double_by_pointer" (func $by_pointer (type $unary)))
  (func (export "test") (result i32)
    (if (i32.ne (call $double (i32.const 3)) (i32.const 6)) (then (return (i32.const 1))))
    (if (i32.ne (call $by_import (i32.const 4)) (i32.const 8)) (then (return (i32.const 2))))
    (if (i32.ne (call $by_pointer (i32.const 5)) (i32.const 10)) (then (return (i32.const 3))))
    (i32.const 42)))

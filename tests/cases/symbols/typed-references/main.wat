;; Two modules define the same function type, at different indices. References to types that a
;; module defines cannot cross between modules.
(module
  (@dylink.0 (mem-info))
  (type $unary (func (param i32) (result i32)))
  (import "env" "apply" (func $apply (param (ref null $unary)) (result i32)))
  (import "GOT.func" "apply" (global $apply_slot (mut i32)))
  (func $increment (type $unary) (i32.add (local.get 0) (i32.const 1)))
  (elem declare func $increment)
  (func (export "test") (result i32)
    (if (i32.eqz (global.get $apply_slot)) (then (return (i32.const 1))))
    (call $apply (ref.func $increment))))

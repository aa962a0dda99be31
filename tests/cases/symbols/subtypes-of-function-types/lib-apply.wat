;; Its functions take functions, of types that are none of `main`.
(module
  (@dylink.0 (mem-info))
  (type $other (func (param f64)))
  (type $number (func (result i32)))
  (type $apply (func (param (ref $number)) (result i32)))
  (func $apply (type $apply) (call_ref $number (local.get 0)))
  (func $two (type $number) (i32.const 2))
  (elem declare func $two)
  (func (export "two") (result i32) (call $apply (ref.func $two))))

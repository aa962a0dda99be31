;; A module calls a function that only its own table refers to.
(module
  (@dylink.0 (mem-info))
  (table $own 2 funcref)
  (elem (table $own) (i32.const 1) func $answer)
  (func $answer (result i32) (i32.const 42))
  (func (export "test") (result i32) (call_indirect $own (result i32) (i32.const 1))))

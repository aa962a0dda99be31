;; The initial value of a table is kept in a fused program, even if nothing else refers to it.
(module
  (@dylink.0 (mem-info))
  (type $number (func (result i32)))
  (table $numbers 2 (ref $number) (ref.func $answer))
  (func $answer (result i32) (i32.const 42))
  (func (export "test") (result i32)
    (call_ref $number (table.get $numbers (i32.const 1)))))

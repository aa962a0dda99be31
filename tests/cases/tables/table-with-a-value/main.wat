;; What a table holds from the start, and nothing else names, is there in a fused program too.
(module
  (@dylink.0 (mem-info))
  (type $number (func (result i32)))
  (table $numbers 2 (ref $number) (ref.func $answer))
  (func $answer (result i32) (i32.const 42))
  (func (export "test") (result i32)
    (call_ref $number (table.get $numbers (i32.const 1)))))

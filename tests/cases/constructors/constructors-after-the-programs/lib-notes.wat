;; Writes down digits.
(module
  (@dylink.0 (mem-info))
  (global $notes (mut i32) (i32.const 0))
  (func (export "notes") (result i32) (global.get $notes))
  (func (export "note") (param i32)
    (global.set $notes
      (i32.add (i32.mul (global.get $notes) (i32.const 10)) (local.get 0)))))

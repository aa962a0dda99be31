;; Mutually recursive types keep their order, after those of the previous module.
(module
  (@dylink.0 (mem-info))
  (import "env" "length_of_two" (func $length_of_two (result i32)))
  (type $unused (func (param i64)))
  (rec
    (type $list (struct (field $head i32) (field $tail (ref null $rest))))
    (type $rest (struct (field $next (ref $list)))))
  (type $sum (func (param (ref null $list)) (result i32)))
  (func $sum (type $sum)
    (if (result i32) (ref.is_null (local.get 0))
      (then (i32.const 0))
      (else
        (i32.add (struct.get $list $head (local.get 0))
          (call_ref $sum (ref.null $list) (ref.func $sum))))))
  (elem declare func $sum)
  (func (export "test") (result i32)
    (i32.add (call $length_of_two) (call $sum (struct.new $list (i32.const 40) (ref.null $rest))))))

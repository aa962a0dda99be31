;; A block of the legacy encoding leaves a reference of a type that the module defines, whose number changes when it is
;; written: two of its types are one.
(module
  (@dylink.0 (mem-info))
  (type $one (func (param f64)))
  (type $same (func (param f64)))
  (type $number (func (result i32)))
  (tag $tag (param i32))
  (func $two (type $number) (i32.const 2))
  (elem declare func $two)
  (func (export "test") (result i32) (local $number (ref null $number))
    try (result i32 (ref null $number))
      (throw $tag (i32.const 40))
    catch $tag
      (ref.func $two)
    end
    (local.set $number)
    (i32.add (call_ref $number (local.get $number)))))

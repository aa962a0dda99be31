;; An exception in the legacy encoding carries a reference of a type that the module defines. The
;; index of the type changes after those of another module.
(module
  (@dylink.0 (mem-info))
  (type $number (func (result i32)))
  (import "env" "length" (func $length (type $number)))
  (tag $tag (param (ref null $number) i32))
  (func $two (type $number) (i32.const 2))
  (elem declare func $two)
  (func (export "test") (result i32) (local $number (ref null $number)) (local $forty i32)
    try (result i32)
      (throw $tag (ref.func $two) (i32.add (i32.const 39) (call $length)))
    catch $tag
      (local.set $forty)
      (local.set $number)
      (i32.add (call_ref $number (local.get $number)) (local.get $forty))
    end))

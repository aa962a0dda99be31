;; Code that uses a global needs everything that its initial value refers to: here a function that
;; nothing else mentions.
(module
  (@dylink.0 (mem-info))
  (import "env" "__table_base" (global i32))
  (import "env" "forty" (func $forty (result i32)))
  (type $number (func (result i32)))
  (global $function (ref $number) (ref.func $two))
  (func $two (type $number) (i32.const 2))
  (func (export "test") (result i32)
    (i32.add (call $forty) (call_ref $number (global.get $function)))))

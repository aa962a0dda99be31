;; A function is called at a supertype of its type: subtyping still holds after linking, next to
;; types of other modules.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (type $number (func (result i32)))
  (type $base (sub (func (result i32))))
  (type $derived (sub final $base (func (result i32))))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "two" (func $two (type $number)))
  (elem (global.get $table_base) func $forty)
  (func $forty (type $derived) (i32.const 40))
  (func (export "test") (type $number)
    (i32.add (call $two) (call_indirect (type $base) (global.get $table_base)))))

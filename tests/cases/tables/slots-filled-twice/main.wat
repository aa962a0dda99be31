;; If two segments fill a slot, the later one wins: `first` is no longer there, and needs another
;; slot.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "first_slot" (func $first_slot (result i32)))
  (import "env" "second_slot" (func $second_slot (result i32)))
  (elem (global.get $table_base) func $first)
  (elem (global.get $table_base) func $second)
  (func $first (export "first") (result i32) (i32.const 40))
  (func $second (export "second") (result i32) (i32.const 2))
  (func (export "test") (result i32)
    (if (i32.ne (call $second_slot) (global.get $table_base)) (then (return (i32.const 1))))
    (i32.add
      (call_indirect (result i32) (call $first_slot))
      (call_indirect (result i32) (call $second_slot)))))

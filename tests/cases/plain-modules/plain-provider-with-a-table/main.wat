;; Slot 2 of the process's table and slot 2 of a plain module's own table, which holds `forty`, are
;; different slots.
(module
  (@dylink.0 (mem-info (table 2 0)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "GOT.func" "forty" (global $forty (mut i32)))
  (elem (global.get $table_base) func $none $two)
  (func $none)
  (func $two (result i32) (i32.const 2))
  (func (export "test") (result i32)
    (i32.add
      (call_indirect (result i32) (global.get $forty))
      (call_indirect (result i32) (i32.add (global.get $table_base) (i32.const 1))))))

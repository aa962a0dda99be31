;; Newer linkers add to a base where an offset must be a constant expression. The base is a number once the
;; module is linked, and the sum must stay one.
(module
  (@dylink.0 (mem-info (memory 16 2) (table 3 0)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__table_base" (global $table_base i32))
  (data (global.get $base) "\01\00\00\00")
  (data (i32.add (global.get $base) (i32.const 8)) "\02\00\00\00")
  (elem (i32.add (global.get $table_base) (i32.const 2)) func $three)
  (global $address i32 (i32.add (global.get $base) (i32.const 8)))
  (global (export "two") i32 (i32.add (global.get $base) (i32.const 8)))
  (global (export "one") i32 (global.get $base))
  (func $three (export "three") (result i32) (i32.const 3))
  (func (export "address_of_two") (result i32) (global.get $address))
  (func (export "last_slot") (result i32) (i32.add (global.get $table_base) (i32.const 2))))

;; A module that reads the table can reach any function in it: nothing else refers to the library's
;; function.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table $table 1 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "where" (func $where (result i32)))
  (type $number (func (result i32)))
  (elem (global.get $table_base) func $nothing)
  (func $nothing)
  (func (export "test") (result i32)
    (table.set $table (global.get $table_base) (table.get $table (call $where)))
    (call_indirect $table (type $number) (global.get $table_base))))

;; Binaryen's emulation of function pointer casts gives every function in the table one type, which
;; a library does not expect when it calls a pointer itself.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "forty_two" (func $forty_two (result i32)))
  (elem (global.get $table_base) func $emulated)
  (func $emulated
    (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (i64.const 1))
  (func (export "test") (result i32) (call $forty_two)))

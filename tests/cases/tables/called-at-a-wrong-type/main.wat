;; A library calls a function of the program at another type than it has: the call traps, and says so.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "call" (func $call (param i32) (result i32)))
  (elem (global.get $table_base) func $takes_two)
  (func $takes_two (param i32 i32) (result i32) (i32.const 42))
  (func (export "test") (result i32) (call $call (global.get $table_base))))

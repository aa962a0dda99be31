;; A constructor that changes the table cannot run ahead of time, since only memory is saved. That
;; holds also in a module that imports functions, which shift the indices of its own.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table $table 1 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "forty" (func $forty (result i32)))
  (func $two (result i32) (i32.const 2))
  (elem declare func $two)
  (func $construct (export "__wasm_call_ctors")
    (table.set $table (global.get $table_base) (ref.func $two)))
  (func (export "test") (result i32)
    (i32.add (call $forty) (call_indirect $table (result i32) (global.get $table_base)))))

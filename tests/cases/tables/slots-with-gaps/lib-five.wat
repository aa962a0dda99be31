;; Fills five slots, and exports the functions in two of them that are not next to each other.
(module
  (@dylink.0 (mem-info (table 5 0)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (elem (global.get $table_base) func $zero $ten $two $thirty $four)
  (func $zero (result i32) (i32.const 0))
  (func $ten (export "ten") (result i32) (i32.const 10))
  (func $two (result i32) (i32.const 2))
  (func $thirty (export "thirty") (result i32) (i32.const 30))
  (func $four (result i32) (i32.const 4))
  (func (export "call_two") (result i32)
    (call_indirect (result i32) (i32.add (global.get $table_base) (i32.const 2)))))

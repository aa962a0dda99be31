;; An import with i64 in its type gets a function with i64.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (type $unary (func (param i64) (result i64)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "nanoseconds" (func $nanoseconds (param i32 i64) (result i64)))
  (import "env" "through" (func $through (param i32 i64) (result i64)))
  (elem (global.get $table_base) func $not)
  (func $not (type $unary) (i64.xor (local.get 0) (i64.const -1)))
  (func (export "test") (result i32)
    (if (i64.ne (call $nanoseconds (i32.const 5) (i64.const -1)) (i64.const 4999999999))
      (then (return (i32.const 1))))
    (if
      (i64.ne
        (call $through (global.get $table_base) (i64.const 0x0123456789abcdef))
        (i64.const 0xfedcba9876543210))
      (then (return (i32.const 2))))
    (i32.const 42)))

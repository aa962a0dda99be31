;; Fills two slots of its own, and makes a pointer from one of them as code with hidden visibility does:
;; by adding to `__table_base`. `outside` has no such slot.
(module
  (@dylink.0 (mem-info (table 2 0)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (elem (global.get $table_base) func $first $second)
  (func $first (export "first") (result i32) (i32.const 1))
  (func $second (export "second") (result i32) (i32.const 2))
  (func (export "outside") (result i32) (i32.const 3))
  (func (export "pointer_to_second") (result i32)
    (i32.add (global.get $table_base) (i32.const 1))))

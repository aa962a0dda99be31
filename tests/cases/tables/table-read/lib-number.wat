(module
  (@dylink.0 (mem-info (memory 4 2) (table 1 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  (elem (global.get $table_base) func $number)
  (func $number (result i32) (i32.const 42))
  ;; By way of memory: the code does not tell that it is a slot.
  (func (export "where") (result i32)
    (i32.store (global.get $memory_base) (global.get $table_base))
    (i32.load (global.get $memory_base))))

;; Constant expressions may add, subtract and multiply any number of times. LLVM writes one addition today.
(module
  (@dylink.0 (mem-info (memory 16 2) (table 4 0)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__table_base" (global $table_base i32))
  (data (i32.add (i32.add (global.get $base) (i32.const 8)) (i32.const 4)) "\07")
  (elem (i32.add (i32.const 1) (i32.add (global.get $table_base) (i32.const 2))) func $f)
  (func $f (export "f") (result i32) (i32.const 3))
  (func (export "last_slot") (result i32) (i32.add (global.get $table_base) (i32.const 3)))
  (global (export "sum") i32 (i32.add (i32.add (global.get $base) (i32.const 8)) (i32.const 4)))
  (global (export "difference") i32
    (i32.sub (i32.add (global.get $base) (i32.const 16)) (i32.const 4)))
  (global (export "product") i32
    (i32.add (global.get $base) (i32.mul (i32.const 3) (i32.const 4)))))

;; A module copies the whole table into its own, and calls a function from beyond its own part.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table $shared 1 funcref))
  (table $own 3 funcref)
  (func (export "test") (result i32)
    (table.copy $own $shared (i32.const 0) (i32.const 0) (i32.const 3))
    (call_indirect $own (result i32) (i32.const 2))))

;; A module that wants to find 200 pages and 30 elements finds as many.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 200))
  (import "env" "__indirect_function_table" (table 30 funcref))
  (func (export "test") (result i32)
    (i32.sub (i32.add (memory.size) (table.size)) (i32.const 188))))

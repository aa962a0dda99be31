;; A module that imports a memory of 200 pages and a table of 30 elements gets at least that many.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 200))
  (import "env" "__indirect_function_table" (table 30 funcref))
  (func (export "test") (result i32)
    (i32.sub (i32.add (memory.size) (table.size)) (i32.const 188))))

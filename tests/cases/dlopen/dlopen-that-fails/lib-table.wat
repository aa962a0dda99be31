(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (func (export "table_size") (result i32) (table.size 0)))

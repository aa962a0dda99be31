(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  
  (elem (i32.const 0xffffffff) func 0 0)
  (func (export "test") (result i32) (i32.const 42)))
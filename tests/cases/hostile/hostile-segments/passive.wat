(module
  (@dylink.0 (mem-info (memory 16 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  
  (data $data "passive") (func $start (memory.init $data (i32.const 0xfffffffc) (i32.const 0) (i32.const 7))) (start $start)
  (func (export "test") (result i32) (i32.const 42)))
;; An import of the memory or of a base at a wrong type is an error when linking, not a trap later
;; or code that does not compile.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (func (result i32)))
  (import "env" "__memory_base" (global f32))
  (import "env" "__table_base" (func (result i32)))
  (import "env" "__stack_pointer" (global i32))
  (import "env" "__indirect_function_table" (table 0 externref))
  (import "env" "__indirect_function_table" (table i64 0 funcref))
  (import "GOT.mem" "number" (global (mut i64)))
  (import "GOT.func" "test" (global (mut f64)))
  (global (export "number") i32 (i32.const 0))
  (func (export "test") (result i32) (i32.const 1)))

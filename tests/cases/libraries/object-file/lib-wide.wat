;; What a compiler makes of one file, before a linker has seen it: all of its imports are only blanks.
(module
  (import "env" "__linear_memory" (memory 0))
  (import "env" "__stack_pointer" (global (mut i32)))
  (import "env" "helper" (func (param i64) (result i64)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (func (param i64) (result i64) (local.get 0)))

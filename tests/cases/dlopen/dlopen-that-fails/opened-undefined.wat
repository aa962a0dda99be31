(module
  (@dylink.0 (mem-info (memory 16 4) (table 1 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "nowhere" (func (param i32) (result i32)))
  (import "env" "good" (func (param i32 i64)))
  (import "GOT.mem" "nothing" (global (mut i32)))
  (func (export "bad") (result i32) (i32.const 1)))

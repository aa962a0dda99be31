;; One byte and one slot, so that what follows would be misaligned if placed right behind.
(module
  (@dylink.0 (mem-info (memory 1 0) (table 1 0)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__table_base" (global $table_base i32))
  (func (export "byte_base") (result i32) (global.get $base))
  (func (export "byte_table_base") (result i32) (global.get $table_base)))

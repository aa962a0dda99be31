;; Data aligned to 16 bytes, and its end, which the next module must not share.
(module
  (@dylink.0 (mem-info (memory 3 4) (table 1 3)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__table_base" (global $table_base i32))
  (func (export "base_of_16") (result i32) (global.get $base))
  (func (export "table_base_of_16") (result i32) (global.get $table_base)))

;; Addresses of 64 bits are not supported, and the linker says so, whether or not the code would
;; still compile.
(module
  (@dylink.0 (mem-info (memory 8 3)))
  (import "env" "memory" (memory i64 0))
  (import "env" "__memory_base" (global $base i64))
  (data (global.get $base) "\01")
  (func (export "test") (result i32) (i32.const 1)))

;; A wait on a memory that is not shared between threads traps: no other thread could end it.
(module
  (@dylink.0 (mem-info (memory 16 3)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (func (export "test") (result i32)
    (memory.atomic.wait32 (global.get $base) (i32.const 0) (i64.const 0))))

(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (data (global.get $memory_base) "\2a\00\00\00")
  (global (export "number") i32 (i32.const 0)))

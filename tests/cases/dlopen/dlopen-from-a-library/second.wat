(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (global (export "what") i32 (i32.const 0))
  (data (global.get $base) "\2a\00\00\00"))

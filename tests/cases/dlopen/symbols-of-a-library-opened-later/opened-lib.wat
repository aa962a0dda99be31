(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "__memory_base" (global $base i32))
  (global (export "variable") i32 (i32.const 0))
  (func (export "function")))

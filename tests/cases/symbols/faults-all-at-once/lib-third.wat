(module
  (@dylink.0 (mem-info))
  (import "env" "also_nowhere" (func))
  (memory 1))

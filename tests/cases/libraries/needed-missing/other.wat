(module
  (@dylink.0 (mem-info))
  (import "env" "perhaps_in_gone" (func))
  (import "env" "memory" (memory i64 1)))

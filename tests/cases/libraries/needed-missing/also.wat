(module
  (@dylink.0 (mem-info) (needed "gone.wasm"))
  (import "env" "undefined" (func))
  (memory 1))

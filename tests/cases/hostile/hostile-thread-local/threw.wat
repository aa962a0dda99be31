(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1 2 shared))
  (import "env" "invoke_v" (func (param i32)))
  (func (export "test")))

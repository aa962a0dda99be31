(module
  (@dylink.0 (mem-info))
  (import "env" "invoke_vi" (func (param i32 i32)))
  (func (export "other")))

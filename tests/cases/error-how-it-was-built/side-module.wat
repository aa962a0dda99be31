;; `-fsanitize=undefined` and `-sSAFE_HEAP`.
(module
  (@dylink.0 (mem-info))
  (import "env" "__ubsan_handle_add_overflow" (func (param i32 i32 i32)))
  (import "env" "segfault" (func))
  (import "env" "alignfault" (func))
  (func (export "test")))

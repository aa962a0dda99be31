;; `-fsanitize=undefined`.
(module
  (@dylink.0 (mem-info))
  (import "env" "__ubsan_handle_add_overflow" (func (param i32 i32 i32)))
  (func (export "test")))

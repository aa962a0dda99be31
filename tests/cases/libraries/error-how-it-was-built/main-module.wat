;; `emcc -sMAIN_MODULE=1`.
(module
  (@dylink.0 (mem-info))
  (import "env" "__syscall_accept4" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "_dlopen_js" (func (param i32) (result i32)))
  (func (export "test")))

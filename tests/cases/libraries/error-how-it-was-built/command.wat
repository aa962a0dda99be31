;; `emcc -sSTANDALONE_WASM` of what calls `stat` and `raise`.
(module
  (import "env" "__syscall_stat64" (func (param i32 i32) (result i32)))
  (import "env" "__call_sighandler" (func (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "_start")))

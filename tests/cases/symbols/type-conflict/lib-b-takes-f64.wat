;; Imports `convert` at another type.
(module
  (@dylink.0 (mem-info))
  (import "env" "convert" (func (param f64) (result f64)))
  (import "env" "fd_write" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func (param i32) (result i32))))

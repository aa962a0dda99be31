;; A function with a name of libc but another type belongs to the guest: only the guest calls it.
(module
  (@dylink.0 (mem-info))
  (func (export "fflush") unreachable)
  (func (export "__funcs_on_exit") (param i64) unreachable)
  (func (export "test") (result i32) (i32.const 42)))

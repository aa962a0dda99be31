;; The functions of libc that a command calls at its end: the destructors, and then the one that
;; writes buffered output.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (func (export "write_nothing") (result i32)
    (call $fd_write (i32.const 1) (i32.const 0) (i32.const 0) (global.get $memory_base)))
  (func (export "__cxa_atexit") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "__funcs_on_exit"))
  (func (export "fflush") (param i32) (result i32) (i32.const 0)))

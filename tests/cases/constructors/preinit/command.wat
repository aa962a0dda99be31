;; A command that exits with what a library's constructor has prepared.
(module
  (@dylink.0 (mem-info (memory 0 0)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "constructed" (func $constructed (result i32)))
  (func (export "_start") (call $exit (call $constructed))))

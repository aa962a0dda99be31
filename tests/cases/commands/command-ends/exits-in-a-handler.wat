;; A handler that ends the program: the others run all the same, and once.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "work" (func $work))
  (import "env" "atexit" (func $atexit (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (elem (global.get $table_base) func $handler)
  (func $handler (call $proc_exit (i32.const 5)))
  (func (export "_start")
    (call $work)
    (drop (call $atexit (global.get $table_base)))))

;; Has its own libc, which ends the program by WASI's `proc_exit`.
(module
  (import "env" "work" (func $work))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 131072))
  (global (export "__stack_low") i32 (i32.const 1024))
  (global (export "__stack_high") i32 (i32.const 65536))
  (func (export "_start") (call $work) (call $proc_exit (i32.const 3)) unreachable))

;; Uses libc, but nothing that has an end.
(module
  (import "env" "abs" (func $abs (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 131072))
  (global (export "__stack_low") i32 (i32.const 1024))
  (global (export "__stack_high") i32 (i32.const 65536))
  (func (export "_start") (call $proc_exit (call $abs (i32.sub (memory.size) (i32.const 10000))))))

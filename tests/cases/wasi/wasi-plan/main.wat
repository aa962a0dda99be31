;; What a Rust main for WASI is to the linker: its own libc calls WASI.
(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "env" "answer" (func $answer (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (func (export "test") (result i32) (i32.add (call $yield) (call $answer))))

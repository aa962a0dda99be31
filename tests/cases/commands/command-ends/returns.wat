;; A program at fixed addresses, as Rust's `main` for wasm32-wasip1 is. It returns from `_start`.
(module
  (import "env" "work" (func $work))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 131072))
  (global (export "__stack_low") i32 (i32.const 1024))
  (global (export "__stack_high") i32 (i32.const 65536))
  (func (export "work_alone") (call $work))
  (func (export "_start") (call $work)))

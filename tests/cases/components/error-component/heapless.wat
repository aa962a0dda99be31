;; A main, whose heap is its own, and which exports no `cabi_realloc`.
(module
  (import "env" "release" (func $release (param i32)))
  (memory (export "memory") 17)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1048576))
  (global (export "__heap_base") i32 (i32.const 1048576))
  (func (export "size") (param i32 i32) (result i32)
    (call $release (local.get 0))
    (local.get 1)))

;; Defines what every libc does.
(module
  (@dylink.0 (mem-info (memory 16 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (global (export "errno") i32 (i32.const 0))
  (data (global.get $base) "\2a\00\00\00")
  (func (export "malloc") (param i32) (result i32) (i32.const 0))
  (func (export "exit") (param i32) unreachable)
  (func (export "fopen") (param i32 i32) (result i32) (i32.const 0))
  (func (export "abs") (param i32) (result i32) (i32.const 40)))

;; The functions by which code for WASI preview 3 gets its stack pointer and its thread-local variables
;; have one type each. What starts threads and tasks, and what keeps values for them, is not there.
(module
  (@dylink.0 (mem-info))
  (import "env" "__wasm_get_stack_pointer" (func (result i64)))
  (import "env" "__wasm_set_tls_base" (func (param i32 i32)))
  (import "$root" "[thread-new-indirect-v0]" (func (param i32 i32) (result i32)))
  (import "$root" "[context-get-1]" (func (result i32)))
  (import "[export]$root" "[task-return]f" (func (param i32)))
  (import "env" "__init_stack_pointer" (global i32))
  (import "GOT.func" "__wasm_task_hook" (global (mut i32)))
  (func (export "test") (result i32) (i32.const 1)))

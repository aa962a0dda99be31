(module
  (@dylink.0
    (mem-info (memory 20 4) (table 3 1))
    (needed "libc.wasm" "libm.wasm")
    (export-info "_Z5helloi" 0)
    (import-info "env" "maybe" binding-weak undefined))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 3 funcref))
  (import "env" "__memory_base" (global i32))
  (import "env" "__stack_pointer" (global (mut i32)))
  (import "env" "maybe" (func (param i64 f32)))
  (func (export "_Z5helloi") (param i32) (result i32) (local.get 0)))

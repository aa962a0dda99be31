;; World: app.wit exports-names
(module
  (memory (export "memory") 1)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (table (export "__indirect_function_table") 1 funcref)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048))
  (func (export "docs:app/names@0.1.0#first") (result i32) (i32.const 0))
  (func (export "docs:app/names@0.1.0#greet") (param i32 i32) (result i32) (i32.const 0)))

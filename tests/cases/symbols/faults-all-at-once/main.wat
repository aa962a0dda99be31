;; The linker reports all faults at once: two mains, a module with its own memory, a symbol at
;; another type, and an undefined one.
(module
  (import "env" "nowhere" (func))
  (import "env" "size" (func (result i64)))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65536))
  (global (export "__heap_end") i32 (i32.const 131072))
  (func (export "test") (result i32) (i32.const 1)))

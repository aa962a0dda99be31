;; The linker recognises wasm-ld's wrapped exports in a module without function names by the order
;; of the functions.
(module
  (type $nothing (func))
  (type $number (func (result i32)))
  (type $numbers (func (param i32) (result i32)))
  (import "env" "ask_twice" (func (type $number)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  ;; 1: the constructors, and one of them.
  (func (type $nothing) (call 2))
  (func (type $nothing)
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
  ;; 3: what is exported, behind 5 and 6.
  (func (type $numbers) (i32.add (i32.load (i32.const 1024)) (local.get 0)))
  (func (type $number) (call 0))
  (func (export "constructed") (type $numbers) (call 1) (call 3 (local.get 0)))
  (func (export "test") (type $number) (call 1) (call 4)))

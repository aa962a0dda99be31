;; In a WASI main that does not export `__wasm_call_ctors`, wasm-ld wraps each export: it runs all
;; constructors, a function, and all destructors. Here they run once, the destructors at the end.
(module
  (import "env" "ask_twice" (func $ask_twice (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (func $__wasm_call_ctors (call $construct))
  (func $construct
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
  (func $constructed (param i32) (result i32)
    (i32.add (i32.load (i32.const 1024)) (local.get 0)))
  (func $test (result i32) (call $ask_twice))
  (func $__wasm_call_dtors (i32.store (i32.const 1024) (i32.const 100)))
  (func $constructed.command_export (export "constructed") (param i32) (result i32)
    (call $__wasm_call_ctors) (call $constructed (local.get 0)) (call $__wasm_call_dtors))
  (func $test.command_export (export "test") (result i32)
    (call $__wasm_call_ctors) (call $test) (call $__wasm_call_dtors)))

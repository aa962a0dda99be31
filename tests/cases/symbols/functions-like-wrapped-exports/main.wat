;; Functions that all begin with the same call are not wrapped exports unless their names say that
;; wasm-ld wrote them: here they only count.
(module
  (import "env" "ask_twice" (func $ask_twice (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (func $enter (call $count))
  (func $count
    (i32.store (i32.const 1024) (i32.add (i32.load (i32.const 1024)) (i32.const 1))))
  (func $value (param i32) (result i32)
    (i32.add (i32.load (i32.const 1024)) (local.get 0)))
  ;; Three calls: 2 + 3 + 40.
  (func $ask (result i32) (i32.sub (call $ask_twice) (i32.const 3)))
  (func $constructed (export "constructed") (param i32) (result i32)
    (call $enter) (call $value (local.get 0)))
  (func (export "test") (result i32) (call $enter) (call $ask)))

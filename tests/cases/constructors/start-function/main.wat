;; A start function calls a library, which must be instantiated and started before it. Each start
;; function runs once, before any constructor.
(module
  (@dylink.0 (mem-info (memory 8 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "count" (func $count (result i32)))
  (func $start (i32.store (global.get $base) (call $count)))
  (start $start)
  (func (export "__wasm_call_ctors") (i32.store offset=4 (global.get $base) (call $count)))
  (func (export "test") (result i32)
    (if (i32.ne (i32.load (global.get $base)) (i32.const 11)) (then (return (i32.const 1))))
    (if (i32.ne (i32.load offset=4 (global.get $base)) (i32.const 12))
      (then (return (i32.const 2))))
    (if (i32.ne (call $count) (i32.const 13)) (then (return (i32.const 3))))
    (i32.const 42)))

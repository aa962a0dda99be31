;; Its constructor notes 3 and calls the next in the circle, which may or may not be constructed yet: but
;; its functions can be called, and memory is in order.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "note" (func $note (param i32)))
  (import "env" "value_of_a" (func $value_of_a (result i32)))
  (data (global.get $base) "\03")
  (func (export "value_of_c") (result i32) (i32.load (global.get $base)))
  (func (export "__wasm_call_ctors")
    (call $note (i32.const 3))
    (call $note (call $value_of_a))))

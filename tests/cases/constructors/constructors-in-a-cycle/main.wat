;; In a cycle no order of constructors is right, but the order is always the same: c, b, a, each
;; followed by the value of its successor. The library that all of them need is not part of the
;; cycle and comes first (9). Main comes last.
(module
  (@dylink.0 (mem-info))
  (import "env" "notes" (func $notes (result i32)))
  (import "env" "note" (func $note (param i32)))
  (import "env" "value_of_a" (func $value_of_a (result i32)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 8)))
  (func (export "test") (result i32)
    (if (i32.ne (call $value_of_a) (i32.const 1)) (then (return (i32.const 1))))
    (if (i32.ne (call $notes) (i32.const 93123128)) (then (return (i32.const 2))))
    (i32.const 42)))

;; An inline function is defined in every module that uses it, and all modules use main's
;; definition. That does not make them depend on main, since each could have used its own: the
;; constructors run in the order of the other dependencies, as if there were no cycle.
(module
  (@dylink.0 (mem-info))
  (import "env" "inline" (func $inline))
  (import "env" "middle" (func $middle))
  (import "env" "note" (func $note (param i32)))
  (import "env" "notes" (func $notes (result i32)))
  (func (export "inline"))
  (func (export "__wasm_call_ctors") (call $note (i32.const 3)))
  (func (export "test") (result i32)
    (if (i32.ne (call $notes) (i32.const 123)) (then (return (i32.const 1))))
    (i32.const 42)))

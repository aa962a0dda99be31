;; Modules that use nothing of each other: their constructors run in the order in which the modules are looked up,
;; whether they are linked or needed, and the program's own last.
(module
  (@dylink.0 (mem-info) (needed "needed-first.wasm"))
  (import "env" "note" (func $note (param i32)))
  (import "env" "notes" (func $notes (result i32)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 4)))
  (func (export "test") (result i32)
    (if (i32.ne (call $notes) (i32.const 1234)) (then (return (i32.const 1))))
    (i32.const 42)))

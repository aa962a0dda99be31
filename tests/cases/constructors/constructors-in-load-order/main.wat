;; Constructors of modules that do not use each other run in lookup order, whether the modules are
;; linked or needed. The program's own runs last.
(module
  (@dylink.0 (mem-info) (needed "needed-first.wasm"))
  (import "env" "note" (func $note (param i32)))
  (import "env" "notes" (func $notes (result i32)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 4)))
  (func (export "test") (result i32)
    (if (i32.ne (call $notes) (i32.const 1234)) (then (return (i32.const 1))))
    (i32.const 42)))

;; The program's constructor runs last, except for those of libraries that use the program.
(module
  (@dylink.0 (mem-info))
  (import "env" "note" (func $note (param i32)))
  (import "env" "notes" (func $notes (result i32)))
  (func (export "of_the_program"))
  (func (export "__wasm_call_ctors") (call $note (i32.const 2)))
  (func (export "test") (result i32)
    (if (i32.ne (call $notes) (i32.const 123)) (then (return (i32.const 1))))
    (i32.const 42)))

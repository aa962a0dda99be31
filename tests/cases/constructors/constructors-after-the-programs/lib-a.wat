;; Uses the program, which uses nothing of it.
(module
  (@dylink.0 (mem-info))
  (import "env" "note" (func $note (param i32)))
  (import "env" "of_the_program" (func $of_the_program))
  (func (export "a") (call $of_the_program))
  (func (export "__wasm_call_ctors") (call $note (i32.const 3))))

;; A program needs a library that needs another, and neither is on the command line. The
;; constructors run from the far end of the chain. Only the `needed` lists say so here: the first
;; two modules do not import from each other.
(module
  (@dylink.0 (mem-info) (needed "needed-a.wasm"))
  (import "env" "notes" (func $notes (result i32)))
  (import "env" "note" (func $note (param i32)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 3)))
  (func (export "test") (result i32)
    (if (i32.ne (call $notes) (i32.const 123)) (then (return (i32.const 1))))
    (i32.const 42)))

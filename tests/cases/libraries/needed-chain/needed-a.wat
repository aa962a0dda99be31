;; The middle of the chain.
(module
  (@dylink.0 (mem-info) (needed "needed-b.wasm"))
  (import "env" "note" (func $note (param i32)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 2))))

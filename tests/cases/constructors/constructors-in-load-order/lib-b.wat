;; No module uses any of its symbols.
(module
  (@dylink.0 (mem-info))
  (import "env" "note" (func $note (param i32)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 3))))

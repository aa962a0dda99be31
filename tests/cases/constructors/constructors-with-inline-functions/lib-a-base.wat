;; Depends on nothing but notes. It imports the inline function that it defines, and gets main's.
(module
  (@dylink.0 (mem-info))
  (import "env" "inline" (func $inline))
  (import "env" "note" (func $note (param i32)))
  (func (export "inline"))
  (func (export "base"))
  (func (export "__wasm_call_ctors") (call $note (i32.const 1))))

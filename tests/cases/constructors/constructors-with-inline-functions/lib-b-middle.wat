;; Depends on lib-a-base.
(module
  (@dylink.0 (mem-info))
  (import "env" "inline" (func $inline))
  (import "env" "note" (func $note (param i32)))
  (import "env" "base" (func $base))
  (func (export "inline"))
  (func (export "middle"))
  (func (export "__wasm_call_ctors") (call $note (i32.const 2))))

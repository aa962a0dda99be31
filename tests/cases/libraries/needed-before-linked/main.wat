;; What main needs is looked up right after main, before what is merely linked after it: else a library on the
;; command line would replace what main was built against.
(module
  (@dylink.0 (mem-info) (needed "needed-first.wasm"))
  (import "env" "who" (func $who (result i32)))
  (func (export "test") (result i32) (call $who)))

;; Libraries that main needs come right after main in lookup order, before libraries that are only
;; linked after it. Otherwise a library on the command line would replace the one that main was
;; built against.
(module
  (@dylink.0 (mem-info) (needed "needed-first.wasm"))
  (import "env" "who" (func $who (result i32)))
  (func (export "test") (result i32) (call $who)))

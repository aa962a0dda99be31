;; World: app.wit exports-texts
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "env" "free" (func $free (param i32)))
  (import "env" "realloc" (func $realloc (param i32 i32) (result i32)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (call $realloc (local.get 0) (local.get 3)))
  (func (export "set") (param i32 i32) (call $free (local.get 0))))

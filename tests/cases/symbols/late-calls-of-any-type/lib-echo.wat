;; Instantiated before main, so it calls main's functions through slots of the table: with vectors,
;; references, several results, and none.
(module
  (@dylink.0 (mem-info))
  (import "env" "mix" (func $mix (param i64 f32 v128 externref) (result externref v128 f32 i64)))
  (import "env" "nothing" (func $nothing))
  (func (export "echo") (param i64 f32 v128 externref) (result externref v128 f32 i64)
    (call $nothing)
    (call $mix (local.get 0) (local.get 1) (local.get 2) (local.get 3))))

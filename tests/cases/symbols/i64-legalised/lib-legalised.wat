;; What Emscripten makes of `int64_t split(int64_t)` without `-sWASM_BIGINT`.
(module
  (@dylink.0 (mem-info))
  (func (export "orig$split") (param i64) (result i64) (local.get 0))
  (func (export "split") (param i32 i32) (result i32) (local.get 0)))

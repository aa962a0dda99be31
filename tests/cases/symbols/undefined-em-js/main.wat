;; A function written in JavaScript with `EM_JS` is an import, and its source is data exported as
;; `__em_js__` and its name. Another module imports it too.
(module
  (@dylink.0 (mem-info (memory 32 0)))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "memory" (memory 1))
  (import "env" "draw" (func (param i32) (result i32)))
  (global (export "__em_js__draw") i32 (i32.const 0))
  (data (global.get $base) "(int a)<::>{ return a; }\00")
  (func (export "test") (result i32) (i32.const 1)))

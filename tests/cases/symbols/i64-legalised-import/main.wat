;; A module built without `-sWASM_BIGINT` imports `split` with each i64 in halves, and gets the
;; upper half of the result from `getTempRet0`.
(module
  (@dylink.0 (mem-info))
  (import "env" "getTempRet0" (func (result i32)))
  (import "env" "split" (func (param i32 i32) (result i32)))
  (func (export "test") (result i32) (i32.const 1)))

;; Was built without `-sWASM_BIGINT`: it imports `split` in halves, and takes the other half of the result with
;; `getTempRet0`.
(module
  (@dylink.0 (mem-info))
  (import "env" "getTempRet0" (func (result i32)))
  (import "env" "split" (func (param i32 i32) (result i32)))
  (func (export "test") (result i32) (i32.const 1)))

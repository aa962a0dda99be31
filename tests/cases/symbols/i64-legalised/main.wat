;; Only one of two modules was built with `-sWASM_BIGINT`, so their types differ: the error names
;; the option.
(module
  (@dylink.0 (mem-info))
  (import "env" "split" (func (param i64) (result i64)))
  (func (export "test") (result i32) (i32.const 1)))

;; Was built with `-sWASM_BIGINT`, so that the types differ: the error says by what.
(module
  (@dylink.0 (mem-info))
  (import "env" "split" (func (param i64) (result i64)))
  (func (export "test") (result i32) (i32.const 1)))

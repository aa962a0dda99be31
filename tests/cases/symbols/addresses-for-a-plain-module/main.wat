;; A plain module cannot import addresses: they belong to the process's memory and table, which it
;; does not share.
(module
  (import "GOT.mem" "number" (global (mut i32)))
  (import "GOT.func" "function" (global (mut i32)))
  (memory (export "memory") 1)
  (func (export "test") (result i32) (i32.const 1)))

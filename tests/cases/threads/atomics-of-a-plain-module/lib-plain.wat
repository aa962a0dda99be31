;; Keeps a memory of its own, whose addresses have 64 bits.
(module
  (memory i64 1)
  (func (export "tick") (param i64) (result i64)
    (i64.atomic.rmw.add offset=8 (i64.const 16) (local.get 0))))

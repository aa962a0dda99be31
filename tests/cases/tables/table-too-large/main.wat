;; As for memory: a claim is checked before anything is made of that size.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (func (export "test") (result i32) (i32.const 1)))

;; The size of a table that a module claims is checked before anything of that size is made, as for
;; memory.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (func (export "test") (result i32) (i32.const 1)))

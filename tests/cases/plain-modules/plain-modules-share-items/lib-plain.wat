;; Exports everything that it has.
(module
  (memory (export "memory") 1)
  (table (export "table") 3 funcref)
  (global (export "place") i32 (i32.const 8))
  (global (export "count") (mut i32) (i32.const 2)))

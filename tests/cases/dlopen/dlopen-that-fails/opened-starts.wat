;; The start function runs while it is instantiated.
(module
  (@dylink.0 (mem-info (memory 100 4) (table 3 0)))
  (func $start (drop (i32.div_u (i32.const 1) (i32.const 0))))
  (func (export "bad") (result i32) (i32.const 1))
  (start $start))

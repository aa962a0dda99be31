;; Fills a slot of a table of its own, not of the process's.
(module
  (@dylink.0 (mem-info))
  (table $own 8 funcref)
  (elem (i32.const 7) func $five)
  (func $five (export "five") (result i32) (i32.const 5))
  (func (export "five_by_own_table") (result i32)
    (call_indirect $own (result i32) (i32.const 7))))

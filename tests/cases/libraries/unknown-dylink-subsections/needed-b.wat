;; Needed in the second.
(module
  (@dylink.0 (mem-info))
  (func (export "b") (result i32) (i32.const 30)))

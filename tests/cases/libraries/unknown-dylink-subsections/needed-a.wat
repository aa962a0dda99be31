;; Needed in the first of the two lists.
(module
  (@dylink.0 (mem-info))
  (func (export "a") (result i32) (i32.const 10)))

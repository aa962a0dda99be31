;; A module may claim more memory than there can be, alone or together with others: that is an
;; error, and no address wraps around.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (func (export "test") (result i32) (i32.const 1)))

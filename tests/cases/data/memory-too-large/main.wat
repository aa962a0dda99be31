;; What a module claims to need may be more than there can be, alone or together with others: an error, and
;; no address that has wrapped around.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (func (export "test") (result i32) (i32.const 1)))

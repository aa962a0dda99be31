;; A mutable global holds a value of its own, not the address of data.
(module
  (@dylink.0 (mem-info))
  (global (export "number") (mut i32) (i32.const 99)))

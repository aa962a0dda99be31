;; A libc of which one function is damaged.
(module
  (@dylink.0 (mem-info))
  (func (export "good") (result i32) (i32.const 42))
  (func (export "bad") (result i32)))

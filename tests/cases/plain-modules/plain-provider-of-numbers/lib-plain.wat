;; Keeps a memory of its own.
(module
  (memory (export "memory") 1)
  (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2))))

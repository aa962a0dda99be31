;; One function under two names, as C++ compilers make of a constructor, or `__attribute__((alias))`.
(module
  (@dylink.0 (mem-info))
  (func $f (export "first_name") (export "second_name") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1)))
  ;; The same code, but another function.
  (func (export "lookalike") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1))))

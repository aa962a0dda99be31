;; Has the type of a function among its parameters, as the second of its types.
(module
  (@dylink.0 (mem-info))
  (type $other (func))
  (type $unary (func (param i32) (result i32)))
  (func (export "apply") (param (ref null $unary)) (result i32)
    (call_ref $unary (i32.const 41) (local.get 0))))

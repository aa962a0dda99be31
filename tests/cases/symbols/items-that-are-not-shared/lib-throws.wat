;; What it throws is of a type that it defines itself, which means nothing in another module.
(module
  (@dylink.0 (mem-info))
  (type $unary (func (param i32) (result i32)))
  (tag (export "tag") (param (ref null $unary))))

(module
  (@dylink.0 (mem-info))
  (type $unary (func (param i32) (result i32)))
  (import "env" "tag" (tag (param (ref null $unary)))))

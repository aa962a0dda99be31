(module
  (type $type (func))
  (import "env" "function" (func (exact (type $type)))))

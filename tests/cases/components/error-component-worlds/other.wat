;; World: other.wit exports-names
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (func (export "docs:app/names@0.1.0#first") (result i32) (i32.const 0)))

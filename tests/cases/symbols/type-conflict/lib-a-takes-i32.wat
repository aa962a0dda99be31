;; Imports `convert` at the type that it has, and `size` at another.
(module
  (@dylink.0 (mem-info))
  (import "env" "convert" (func (param i32) (result i32)))
  (import "env" "size" (func (result f32))))

;; Its function returns another type than it declares.
(module (func (export "test") (result i32) (i64.const 1)))

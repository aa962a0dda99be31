;; Its function returns something else than it says.
(module (func (export "test") (result i32) (i64.const 1)))

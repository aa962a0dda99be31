;; Of the library, only a function is called that neither throws nor uses the variable. So one module
;; has neither the tag nor the variable, and imports neither.
(module
  (@dylink.0 (mem-info))
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (func (export "test") (result i32) (call $add (i32.const 40) (i32.const 2))))

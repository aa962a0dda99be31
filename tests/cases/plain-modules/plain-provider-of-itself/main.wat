;; A plain module cannot import its own definition, as a shared library may. It would have to be
;; instantiated before itself.
(module
  (@dylink.0 (mem-info))
  (import "env" "half" (func $half (param i32) (result i32)))
  (func (export "test") (result i32) (call $half (i32.const 84))))

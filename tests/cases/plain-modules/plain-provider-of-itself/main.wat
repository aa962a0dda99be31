;; A shared library may call what it defines itself. A plain module is instantiated as it is, and cannot be there
;; before it is there.
(module
  (@dylink.0 (mem-info))
  (import "env" "half" (func $half (param i32) (result i32)))
  (func (export "test") (result i32) (call $half (i32.const 84))))

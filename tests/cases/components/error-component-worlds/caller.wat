;; World: app.wit imports-names
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "docs:app/names@0.1.0" "first" (func $first (param i32)))
  (func (export "run") (call $first (i32.const 0))))

;; One side of the diamond: adds 10.
(module
  (@dylink.0 (mem-info) (needed "needed-counter.wasm"))
  (import "env" "add" (func $add (param i32)))
  (func (export "right") (call $add (i32.const 10))))

;; Asks whether there is a `handler`, as its import is weak.
(module
  (@dylink.0 (mem-info) (import-info "env" "handler" 1))
  (import "GOT.func" "handler" (global $handler (mut i32)))
  (func (export "is_there") (result i32) (i32.ne (global.get $handler) (i32.const 0))))

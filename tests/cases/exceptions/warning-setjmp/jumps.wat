;; Calls `setjmp`, as code that is compiled without exceptions does.
(module
  (@dylink.0 (mem-info))
  (import "env" "invoke_v" (func $invoke (param i32)))
  (import "env" "throws" (func $throws))
  (func (export "with_setjmp") (call $throws) (call $invoke (i32.const 0))))

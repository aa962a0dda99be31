;; Two modules with a `dylink.0` section that are not position independent cannot be linked either.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "env" "other" (func (result i32)))
  (func (export "test") (result i32) (i32.const 1))
  (data (i32.const 1024) "here"))

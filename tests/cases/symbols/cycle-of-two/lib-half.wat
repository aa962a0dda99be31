(module
  (@dylink.0 (mem-info))
  (import "env" "double" (func $double (param i32) (result i32)))
  (func (export "half") (param i32) (result i32)
    (i32.div_u (call $double (local.get 0)) (i32.const 2))))

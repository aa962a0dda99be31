(module
  (@dylink.0 (mem-info))
  (global (export "wide") (mut i32) (i32.const 1))
  (global (export "fixed") (mut f32) (f32.const 1))
  (func (export "called")))

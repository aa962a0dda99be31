(module
  (global $size (mut i32) (i32.const 0))
  (func $set_up (global.set $size (i32.div_u (i32.const 1) (global.get $size))))
  (func (export "_initialize") (call $set_up)))

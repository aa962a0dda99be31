(module
  (@dylink.0 (mem-info) (needed "libdeep.wat") (runtime-path "$ORIGIN/deeper"))
  (import "env" "deep" (func $deep (result i32)))
  (func (export "chain") (result i32) (i32.add (call $deep) (i32.const 1)))
  (func (export "value") (result i32) (i32.add (call $deep) (i32.const 1))))

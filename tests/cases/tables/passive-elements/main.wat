;; Two modules have passive element segments: their indices are shifted when modules become one.
(module
  (@dylink.0 (mem-info))
  (import "env" "four" (func $four (result i32)))
  (type $number (func (result i32)))
  (table $own 4 funcref)
  (elem $first func $one)
  (elem $second func $two $one)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 38))
  (func (export "test") (result i32)
    (table.init $own $second (i32.const 2) (i32.const 0) (i32.const 1))
    (elem.drop $second)
    (i32.add (call $four) (call_indirect $own (type $number) (i32.const 2)))))

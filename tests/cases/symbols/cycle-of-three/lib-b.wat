;; Like a, but adds 2.
(module
  (@dylink.0 (mem-info))
  (import "env" "c" (func $c (param i32 i32) (result i32)))
  (func (export "b") (param $left i32) (param $sum i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (local.get $sum))))
    (call $c (i32.sub (local.get $left) (i32.const 1)) (i32.add (local.get $sum) (i32.const 2)))))

;; Like a, but adds 3.
(module
  (@dylink.0 (mem-info))
  (import "env" "a" (func $a (param i32 i32) (result i32)))
  (func (export "c") (param $left i32) (param $sum i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (local.get $sum))))
    (call $a (i32.sub (local.get $left) (i32.const 1)) (i32.add (local.get $sum) (i32.const 3)))))

;; Knows its successor only: a calls b, b calls c, c calls a, until nothing is left to count.
(module
  (@dylink.0 (mem-info))
  (import "env" "b" (func $b (param i32 i32) (result i32)))
  (func (export "a") (param $left i32) (param $sum i32) (result i32)
    (if (i32.eqz (local.get $left)) (then (return (local.get $sum))))
    (call $b (i32.sub (local.get $left) (i32.const 1)) (i32.add (local.get $sum) (i32.const 1)))))

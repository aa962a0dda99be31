;; Nested constant expressions are computed correctly; a mistake would silently give wrong
;; addresses.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "env" "last_slot" (func $last_slot (result i32)))
  (import "GOT.mem" "sum" (global $sum (mut i32)))
  (import "GOT.mem" "difference" (global $difference (mut i32)))
  (import "GOT.mem" "product" (global $product (mut i32)))
  (import "GOT.func" "f" (global $f (mut i32)))
  (func (export "test") (result i32)
    (if (i32.ne (i32.load8_u (global.get $sum)) (i32.const 7)) (then (return (i32.const 1))))
    (if (i32.ne (i32.load8_u (global.get $difference)) (i32.const 7)) (then (return (i32.const 2))))
    (if (i32.ne (i32.load8_u (global.get $product)) (i32.const 7)) (then (return (i32.const 4))))
    (if (i32.ne (global.get $f) (call $last_slot)) (then (return (i32.const 3))))
    (i32.const 42)))

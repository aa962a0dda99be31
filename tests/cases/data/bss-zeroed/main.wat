;; A module's bss is zero: its file says how much memory it needs, and holds only the bytes that are
;; not zero. The rest is between the data of other modules, here without a byte to spare.
(module
  (@dylink.0 (mem-info))
  (import "env" "sum" (func $sum (result i32)))
  (import "env" "fill" (func $fill))
  (import "env" "is_a_intact" (func $is_a_intact (result i32)))
  (import "env" "is_c_intact" (func $is_c_intact (result i32)))
  (func (export "test") (result i32)
    (if (i32.ne (call $sum) (i32.const 1)) (then (return (i32.const 1))))
    (call $fill)
    (if (i32.ne (call $sum) (i32.const 200)) (then (return (i32.const 2))))
    (if (i32.eqz (call $is_a_intact)) (then (return (i32.const 3))))
    (if (i32.eqz (call $is_c_intact)) (then (return (i32.const 4))))
    (i32.const 42)))

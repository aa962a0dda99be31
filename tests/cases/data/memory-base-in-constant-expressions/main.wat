;; Constant expressions that add to `__memory_base` or `__table_base` place data, functions and
;; exported addresses correctly.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "address_of_two" (func $address_of_two (result i32)))
  (import "env" "last_slot" (func $last_slot (result i32)))
  (import "GOT.mem" "one" (global $one (mut i32)))
  (import "GOT.mem" "two" (global $two (mut i32)))
  (import "GOT.func" "three" (global $three (mut i32)))
  (func (export "test") (result i32)
    (if (i32.ne (i32.load (global.get $one)) (i32.const 1)) (then (return (i32.const 1))))
    (if (i32.ne (i32.load (global.get $two)) (i32.const 2)) (then (return (i32.const 2))))
    (if (i32.ne (global.get $two) (call $address_of_two)) (then (return (i32.const 3))))
    (if (i32.ne (global.get $three) (call $last_slot)) (then (return (i32.const 4))))
    (if (i32.ne (call_indirect (result i32) (call $last_slot)) (i32.const 3))
      (then (return (i32.const 5))))
    (i32.const 42)))

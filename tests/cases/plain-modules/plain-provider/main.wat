;; A program calls a function of a plain module directly and by pointer. Address 0 of one memory is
;; not that of the other.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (type $unary (func (param i32) (result i32)))
  (import "env" "memory" (memory 0))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "add_forty" (func $add_forty (type $unary)))
  (import "GOT.func" "add_forty" (global $add_forty_slot (mut i32)))
  (func (export "test") (result i32)
    (if (i32.lt_u (global.get $base) (i32.const 1024)) (then (return (i32.const 1))))
    (if (i32.load (i32.const 0)) (then (return (i32.const 2))))
    (if (i32.ne (call $add_forty (i32.const 1)) (i32.const 41)) (then (return (i32.const 3))))
    (call_indirect (type $unary) (i32.const 2) (global.get $add_forty_slot))))

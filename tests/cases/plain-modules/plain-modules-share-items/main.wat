;; A plain module, which shares nothing with the process, may import memories, tables and globals of
;; another plain module. Only a global, which no code refers to, says where its data is.
(module
  (import "env" "memory" (memory 1))
  (import "env" "table" (table 3 funcref))
  (import "env" "place" (global $place i32))
  (import "env" "count" (global $count (mut i32)))
  (data (global.get $place) "\28\00\00\00")
  (elem (i32.const 2) func $load)
  (func $load (result i32) (i32.load (i32.const 8)))
  (func (export "test") (result i32)
    (i32.add (call_indirect (result i32) (global.get $count)) (global.get $count))))

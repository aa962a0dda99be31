;; Calls what it is given, and one of its own by the table, and overwrites all of its stack.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (type $number (func (result i32)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__stack_pointer" (global $sp (mut i32)))
  (import "env" "__table_base" (global $table_base i32))
  (elem (global.get $table_base) func $zero)
  (func $zero (result i32) (i32.const 0))
  (func (export "call") (param $slot i32) (result i32)
    (memory.fill (i32.sub (global.get $sp) (i32.const 1000000)) (i32.const 120) (i32.const 1000000))
    (i32.add (call_indirect (type $number) (local.get $slot))
             (call_indirect (type $number) (global.get $table_base)))))

;; Reads what its own segments put at places of no module's part.
(module
  (@dylink.0 (mem-info (memory 16 2) (table 1 0)))
  (import "env" "memory" (memory 20))
  (import "env" "__indirect_function_table" (table 5 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (type $answer (func (result i32)))
  (data (i32.const 1100000) "\28\00\00\00")
  (elem (i32.const 4) func $two)
  (func $two (result i32) (i32.const 2))
  (func (export "test") (result i32)
    (i32.add (i32.load (i32.const 1100000)) (call_indirect (type $answer) (i32.const 4)))))

;; Adds a slot for one of its functions, as a just-in-time loader would.
(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table $table 0 funcref))
  (func $triple (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (elem declare func $triple)
  (func (export "add_slot") (result i32)
    (table.grow $table (ref.func $triple) (i32.const 1)))
  (func (export "slots") (result i32) (table.size $table)))

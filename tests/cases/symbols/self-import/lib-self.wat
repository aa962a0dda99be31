;; Imports what it exports, as position independent C++ does for every function that others may replace.
;; Nobody replaces it here: the import is a call of its own function, and its address is that function's.
(module
  (@dylink.0 (mem-info))
  (type $unary (func (param i32) (result i32)))
  (import "env" "double" (func $double (type $unary)))
  (import "GOT.func" "double" (global $double_slot (mut i32)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (func (export "double") (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func (export "double_by_import") (type $unary) (call $double (local.get 0)))
  (func (export "double_by_pointer") (type $unary)
    (call_indirect (type $unary) (local.get 0) (global.get $double_slot))))

(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (type $takes_one (func (param i32) (result i32)))
  (func (export "call") (param $function i32) (result i32)
    (call_indirect (type $takes_one) (i32.const 1) (local.get $function))))

;; value(x) is twice what the next `value` says.
(module
  (@dylink.0 (mem-info (memory 6 0)) (needed "opened-wrapped.wasm"))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "dlsym" (func $dlsym (param i32 i32) (result i32)))
  (type $unary (func (param i32) (result i32)))
  (data (global.get $memory_base) "value\00")
  (func (export "value") (type $unary)
    (i32.mul (i32.const 2)
      (call_indirect (type $unary) (local.get 0)
        (call $dlsym (i32.const -1) (global.get $memory_base))))))

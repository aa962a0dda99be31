;; The names of functions of components are symbols like any other.
(module
  (@dylink.0 (mem-info))
  (type $unary (func (param i32) (result i32)))
  (import "env" "test:shapes/one#[constructor]square" (func $one (type $unary)))
  (import "env" "test:shapes/two#[constructor]square" (func $two (type $unary)))
  (import "GOT.func" "test:shapes/two#[method]square.area" (global $area (mut i32)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "allocated" (func $allocated (result i32)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "test") (result i32)
    (if (i32.ne (call $allocated) (i32.const 8)) (then (return (i32.const 1))))
    (i32.add
      (i32.add (call $one (i32.const 1)) (call $two (i32.const 1)))
      (call_indirect (type $unary) (i32.const 6) (global.get $area)))))

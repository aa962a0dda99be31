;; Throws a `std::runtime_error`, which nothing catches.
(module
  (@dylink.0 (mem-info (memory 8 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "_ZTISt13runtime_error" (global $type (mut i32)))
  (import "env" "__cxa_allocate_exception" (func $allocate (param i32) (result i32)))
  (import "env" "_ZNSt13runtime_errorC1EPKc" (func $construct (param i32 i32) (result i32)))
  (import "env" "__cxa_throw" (func $throw (param i32 i32 i32)))
  (data (global.get $base) "too far\00")
  (func (export "test")
    (call $throw
      (call $construct (call $allocate (i32.const 8)) (global.get $base))
      (global.get $type)
      (i32.const 0))))

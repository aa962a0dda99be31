(module
  (@dylink.0 (mem-info (memory 64 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "dlopen" (func $dlopen (param i32 i32) (result i32)))
  (import "env" "dlsym" (func $dlsym (param i32 i32) (result i32)))
  (data (global.get $base) "libc.wasm\00\00\00\00\00\00\00three\00\00\00abs")
  (func $find (param i32) (result i32)
    (call $dlsym (call $dlopen (global.get $base) (i32.const 2)) (i32.add (global.get $base) (local.get 0))))
  ;; Which functions the library has that is opened by the name.
  (func (export "has") (result i32 i32)
    (i32.ne (call $find (i32.const 16)) (i32.const 0))
    (i32.ne (call $find (i32.const 24)) (i32.const 0))))

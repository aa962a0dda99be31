(module
  (@dylink.0 (mem-info (memory 48 4)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "dlopen" (func $dlopen (param i32 i32) (result i32)))
  (import "env" "dlsym" (func $dlsym (param i32 i32) (result i32)))
  (global (export "what") i32 (i32.const 42))
  (data (i32.add (global.get $base) (i32.const 42)) "\07\00\00\00")
  ;; Opens a library and returns the value of a variable of it.
  (func $bar (export "bar") (export "baz") (param $file i32) (param $symbol i32) (result i32)
    (i32.load
      (call $dlsym (call $dlopen (local.get $file) (i32.const 2)) (local.get $symbol)))))

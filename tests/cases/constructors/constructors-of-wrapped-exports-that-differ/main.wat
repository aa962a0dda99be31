;; The wrapped exports do not all call the same function, so the linker cannot know which functions
;; are the constructors.
(module
  (import "env" "ask_twice" (func $ask_twice (result i32)))
  (memory (export "memory") 1)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 1024))
  (global (export "__heap_base") i32 (i32.const 2048))
  (global (export "__heap_end") i32 (i32.const 65536))
  (func $construct)
  (func $construct_other)
  (func $constructed (param i32) (result i32) (local.get 0))
  (func $test (result i32) (call $ask_twice))
  (func $constructed.command_export (export "constructed") (param i32) (result i32)
    (call $construct) (call $constructed (local.get 0)))
  (func $test.command_export (export "test") (result i32)
    (call $construct_other) (call $test)))

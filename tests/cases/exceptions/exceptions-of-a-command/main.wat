;; A program with a memory of its own, as Emscripten's linker makes of code that catches. What it calls through a table
;; of its own, the linker cannot.
(module
  (import "env" "invoke_vi" (func $invoke (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "test") (result i32) (call $invoke (i32.const 0) (i32.const 0)) (i32.const 42)))

;; A program with its own memory, as Emscripten's linker makes of code that catches exceptions, is
;; refused. It calls functions through its own table, which the linker cannot do for it.
(module
  (import "env" "invoke_vi" (func $invoke (param i32 i32)))
  (memory (export "memory") 1)
  (func (export "test") (result i32) (call $invoke (i32.const 0) (i32.const 0)) (i32.const 42)))

;; Without further options, LLVM's linker writes a main that does not export its table and stack
;; pointer. Its function pointers are still slots of the process's table, but it keeps its own
;; stack.
(module
  (@dylink.0 (mem-info (memory 0 4) (table 1 0)) (needed "needed-call.wasm"))
  (import "env" "memory" (memory 2))
  (import "env" "call" (func $call (param i32) (result i32)))
  (table 2 2 funcref)
  (global $__stack_pointer (mut i32) (i32.const 65536))
  (elem (i32.const 1) func $two)
  (func $two (result i32) (i32.const 2))
  (func (export "test") (result i32)
    (global.set $__stack_pointer (i32.sub (global.get $__stack_pointer) (i32.const 16)))
    (i32.store (global.get $__stack_pointer) (i32.const 40))
    (i32.add (call $call (i32.const 1)) (i32.load (global.get $__stack_pointer))))
  (data (i32.const 65536) "data"))

;; Its dependency is initialised before its constructor traps, and leaves again with its destructor run.
(module
  (@dylink.0 (mem-info (memory 100 4) (table 3 0)) (needed "opened-base.wasm"))
  (import "env" "memory" (memory 1))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (import "env" "base" (func $base))
  (func (export "bad") (result i32) (i32.const 1))
  (func (export "__wasm_call_ctors")
    (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 1000)))
    (call $base)
    (unreachable)))

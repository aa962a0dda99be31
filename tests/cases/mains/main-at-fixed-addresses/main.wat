;; `wasm-ld -Bdynamic main.o lib.so` writes a program at fixed addresses with a `dylink.0` section,
;; since it needs a shared library. It lends its memory, table and stack.
(module
  (@dylink.0 (mem-info (memory 0 4)) (needed "needed-small.wasm"))
  (import "env" "fill" (func $fill))
  (memory (export "memory") 2)
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65600))
  (func (export "test") (result i32) (call $fill) (i32.load (i32.const 65536)))
  (data (i32.const 65536) "\2a\00\00\00"))

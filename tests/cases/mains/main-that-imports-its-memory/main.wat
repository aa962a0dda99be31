;; `wasm-ld -Bdynamic --import-memory` writes a main that imports its memory. Its code has the
;; addresses of its data as constants, so no stack or data of others may be there.
(module
  (@dylink.0 (mem-info (memory 0 4)) (needed "needed-large.wasm"))
  (import "env" "memory" (memory 2))
  (import "env" "fill" (func $fill))
  (global (export "__stack_pointer") (mut i32) (i32.const 65536))
  (global (export "__heap_base") i32 (i32.const 65600))
  (func (export "test") (result i32) (call $fill) (i32.load (i32.const 65536)))
  (data (i32.const 65536) "\2a\00\00\00"))

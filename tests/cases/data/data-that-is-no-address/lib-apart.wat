;; An address, but one of its own memory.
(module
  (memory (export "memory") 1)
  (global (export "apart") i32 (i32.const 16)))

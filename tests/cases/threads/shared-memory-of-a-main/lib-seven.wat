;; Shares that memory.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (func (export "seven") (result i32)
    (i32.add (i32.const 7) (i32.atomic.load (global.get $base)))))

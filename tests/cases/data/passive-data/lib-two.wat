;; Its segment has the number that those of `main` begin with.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (data $two "\02")
  (func (export "two") (result i32)
    (memory.init $two (global.get $memory_base) (i32.const 0) (i32.const 1))
    (i32.load (global.get $memory_base))))

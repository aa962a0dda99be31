;; Has no constructors but `_initialize`, as a reactor has: then that is called.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (func (export "_initialize")
    (i32.store (global.get $base) (i32.add (i32.load (global.get $base)) (i32.const 1))))
  (func (export "constructed_b") (result i32) (i32.load (global.get $base))))

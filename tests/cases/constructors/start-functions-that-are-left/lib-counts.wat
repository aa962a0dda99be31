;; Its start function has an effect that is not known before it runs.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (start $start)
  (func $start
    (i32.store (global.get $memory_base)
      (i32.add (i32.load (global.get $memory_base)) (i32.const 42))))
  (func (export "count") (result i32) (i32.load (global.get $memory_base))))

;; Its start function sets the counter, when the module is instantiated.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (func $start (i32.store (global.get $base) (i32.const 10)))
  (start $start)
  (func (export "count") (result i32)
    (i32.store (global.get $base) (i32.add (i32.load (global.get $base)) (i32.const 1)))
    (i32.load (global.get $base))))

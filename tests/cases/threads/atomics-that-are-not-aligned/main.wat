;; Atomic instructions trap at unaligned addresses, although the plain ones do not. The offset
;; counts too.
(module
  (@dylink.0 (mem-info (memory 16 3)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (func (export "test") (result i32)
    (drop (i32.atomic.load offset=2 (i32.add (global.get $base) (i32.const 2))))
    (i32.atomic.load offset=2 (global.get $base))))

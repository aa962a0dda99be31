;; Data that is reachable only through a pointer in other data is kept, although no code refers to
;; it.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "GOT.mem" "pointer" (global $pointer (mut i32)))
  (func (export "test") (result i32) (i32.load (i32.load (global.get $pointer)))))

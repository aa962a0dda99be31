;; Its functions have no names. The first is the start function, the second looks like relocations
;; that a compiler wrote, and the third is what wasm-ld writes.
(module
  (@dylink.0 (mem-info (memory 20 2)))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "pointer" (global $pointer (mut i32)))
  (global $tls_base (mut i32) (i32.const 0))
  (data $tls "\00\00\00\00\00\00\00\00")
  (data $data "\25\00\00\00")
  (func
    (global.set $tls_base (i32.add (i32.const 0) (global.get $base)))
    (memory.init $tls (i32.add (i32.const 0) (global.get $base)) (i32.const 0) (i32.const 8))
    (memory.init $data (i32.add (i32.const 8) (global.get $base)) (i32.const 0) (i32.const 4)))
  (start 0)
  (func
    (i32.store (i32.add (global.get $tls_base) (i32.const 0)) (i32.const 1)))
  (func
    (i32.store (i32.add (i32.const 0) (global.get $tls_base)) (global.get $pointer))
    (i32.store (i32.add (i32.const 4) (global.get $tls_base))
      (i32.add (global.get $base) (i32.const 8))))
  (func (export "sum") (result i32)
    (if (i32.ne (i32.load (global.get $tls_base)) (global.get $pointer)) (then (unreachable)))
    (i32.load (i32.load (i32.add (global.get $tls_base) (i32.const 4))))))

;; Needs 100 bytes and initialises only the first: the others are its bss, which must be zero, and
;; its own.
(module
  (@dylink.0 (mem-info (memory 100 0)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (data (global.get $base) "\01")
  (func (export "sum") (result i32)
    (local $i i32) (local $sum i32)
    (loop $next
      (local.set $sum
        (i32.add (local.get $sum) (i32.load8_u (i32.add (global.get $base) (local.get $i)))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 100))))
    (local.get $sum))
  (func (export "fill")
    (memory.fill (global.get $base) (i32.const 2) (i32.const 100))))

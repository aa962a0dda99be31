;; All modules share one memory: when one module grows it, all others see the new pages at once, and
;; data does not move.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "pages" (func $pages (result i32)))
  (import "env" "grow" (func $grow (param i32) (result i32)))
  (import "env" "write" (func $write (param i32 i32)))
  (data (global.get $base) "\07\00\00\00")
  (func (export "test") (result i32)
    (local $before i32) (local $last i32)
    (local.set $before (memory.size))
    (if (i32.ne (call $pages) (local.get $before)) (then (return (i32.const 1))))
    ;; Grown here, used there.
    (if (i32.ne (memory.grow (i32.const 3)) (local.get $before)) (then (return (i32.const 2))))
    (if (i32.ne (call $pages) (i32.add (local.get $before) (i32.const 3)))
      (then (return (i32.const 3))))
    (local.set $last (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
    (call $write (local.get $last) (i32.const 1234))
    (if (i32.ne (i32.load (local.get $last)) (i32.const 1234)) (then (return (i32.const 4))))
    ;; Grown there, used here.
    (if (i32.eq (call $grow (i32.const 100)) (i32.const -1)) (then (return (i32.const 5))))
    (if (i32.ne (memory.size) (i32.add (local.get $before) (i32.const 103)))
      (then (return (i32.const 6))))
    (local.set $last (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)))
    (i32.store (local.get $last) (i32.const 5678))
    (if (i32.ne (i32.load (global.get $base)) (i32.const 7)) (then (return (i32.const 7))))
    (i32.const 42)))

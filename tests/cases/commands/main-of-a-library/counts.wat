;; Returns ten times as many as there are arguments, and the length of the last.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (func (export "main") (param $argc i32) (param $argv i32) (result i32)
    (local $end i32) (local $last i32) (local $length i32)
    (local.set $end (i32.add (local.get $argv) (i32.mul (local.get $argc) (i32.const 4))))
    (if (i32.load (local.get $end)) (then unreachable))
    (if (i32.eqz (local.get $argc)) (then (return (i32.const 0))))
    (local.set $last (i32.load (i32.sub (local.get $end) (i32.const 4))))
    (loop $next
      (if (i32.load8_u (i32.add (local.get $last) (local.get $length)))
        (then (local.set $length (i32.add (local.get $length) (i32.const 1))) (br $next))))
    (i32.add (i32.mul (local.get $argc) (i32.const 10)) (local.get $length))))

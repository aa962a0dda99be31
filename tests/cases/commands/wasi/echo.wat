;; Writes its arguments, a line each, without the first, which is its name.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 60) "\n")
  (func $line (param $text i32) (local $end i32)
    (local.set $end (local.get $text))
    (loop $more
      (if (i32.load8_u (local.get $end))
        (then
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $more))))
    (call $put (local.get $text) (i32.sub (local.get $end) (local.get $text)))
    (call $put (i32.const 60) (i32.const 1)))
  (func $put (param $text i32) (param $length i32)
    (i32.store (i32.const 16) (local.get $text))
    (i32.store (i32.const 20) (local.get $length))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32))))
  (func (export "_start") (local $i i32)
    (drop (call $sizes (i32.const 0) (i32.const 4)))
    (drop (call $args (i32.const 1024) (i32.const 4096)))
    (local.set $i (i32.const 1))
    (loop $next
      (if (i32.lt_u (local.get $i) (i32.load (i32.const 0)))
        (then
          (call $line
            (i32.load offset=1024 (i32.mul (local.get $i) (i32.const 4))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $next))))))

;; Exits with the number of directories that are open from the start.
(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $fd i32)
    (local.set $fd (i32.const 3))
    (loop $next
      (if (i32.eqz (call $prestat (local.get $fd) (i32.const 0)))
        (then
          (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
          (br $next))))
    (call $exit (i32.sub (local.get $fd) (i32.const 3)))))

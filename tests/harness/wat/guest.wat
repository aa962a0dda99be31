(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open
    (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread
    (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite
    (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get
    (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get
    (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir
    (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $path_rename
    (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $path_link
    (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink
    (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory
    (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory
    (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file
    (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get
    (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times" (func $path_filestat_set_times
    (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $sock_accept
    (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown" (func $sock_shutdown
    (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get
    (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get
    (param i32 i32) (result i32)))
  (memory (export "memory") 2)

  ;; Four letters of a path.
  (func (export "poke") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func $open (export "open")
    (param $fd i32) (param $path i32) (param $length i32) (param $how i32) (param $rights i64)
    (result i32) (local $error i32)
    (local.set $error (call $path_open (local.get $fd) (i32.const 1) (local.get $path)
      (local.get $length) (local.get $how) (local.get $rights) (local.get $rights)
      (i32.const 0) (i32.const 0)))
    (if (local.get $error) (then (return (i32.sub (i32.const 0) (local.get $error)))))
    (i32.load (i32.const 0)))
  (func $close (export "close") (param i32) (result i32)
    (i32.sub (i32.const 0) (call $fd_close (local.get 0))))
  ;; Four letters of a file.
  (func $read (export "read") (param $fd i32) (result i32) (local $error i32)
    (i32.store (i32.const 8) (i32.const 24))
    (i32.store (i32.const 12) (i32.const 4))
    (i32.store (i32.const 24) (i32.const 0))
    (local.set $error (call $fd_pread (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 0)
      (i32.const 16)))
    (if (local.get $error) (then (return (i32.sub (i32.const 0) (local.get $error)))))
    (i32.load (i32.const 24)))
  (func (export "write") (param $fd i32) (param $text i32) (result i32)
    (i32.store (i32.const 8) (i32.const 24))
    (i32.store (i32.const 12) (i32.const 4))
    (i32.store (i32.const 24) (local.get $text))
    (i32.sub (i32.const 0) (call $fd_pwrite (local.get $fd) (i32.const 8) (i32.const 1)
      (i64.const 0) (i32.const 16))))
  (func (export "look") (param $fd i32) (param $path i32) (param $length i32) (result i32)
    (local $file i32) (local $found i32)
    (local.set $file (call $open (local.get $fd) (local.get $path) (local.get $length)
      (i32.const 0) (i64.const 2)))
    (if (i32.lt_s (local.get $file) (i32.const 0)) (then (return (local.get $file))))
    (local.set $found (call $read (local.get $file)))
    (drop (call $close (local.get $file)))
    (local.get $found))
  (func (export "list") (param i32) (result i32) (i32.sub (i32.const 0)
    (call $fd_readdir (local.get 0) (i32.const 65536) (i32.const 4096) (i64.const 0)
      (i32.const 16))))
  (func (export "renumber") (param i32 i32) (result i32)
    (i32.sub (i32.const 0) (call $fd_renumber (local.get 0) (local.get 1))))
  (func (export "rename") (param i32 i32 i32 i32 i32 i32) (result i32)
    (i32.sub (i32.const 0) (call $path_rename (local.get 0) (local.get 1) (local.get 2)
      (local.get 3) (local.get 4) (local.get 5))))
  (func (export "link") (param $follow i32) (param i32 i32 i32 i32 i32 i32) (result i32)
    (i32.sub (i32.const 0) (call $path_link (local.get 1) (local.get $follow) (local.get 2)
      (local.get 3) (local.get 4) (local.get 5) (local.get 6))))
  (func (export "symlink") (param i32 i32 i32 i32 i32) (result i32)
    (i32.sub (i32.const 0) (call $path_symlink (local.get 0) (local.get 1) (local.get 2)
      (local.get 3) (local.get 4))))
  (func (export "mkdir") (param i32 i32 i32) (result i32) (i32.sub (i32.const 0)
    (call $path_create_directory (local.get 0) (local.get 1) (local.get 2))))
  (func (export "rmdir") (param i32 i32 i32) (result i32) (i32.sub (i32.const 0)
    (call $path_remove_directory (local.get 0) (local.get 1) (local.get 2))))
  (func (export "unlink") (param i32 i32 i32) (result i32) (i32.sub (i32.const 0)
    (call $path_unlink_file (local.get 0) (local.get 1) (local.get 2))))
  (func (export "stat") (param i32 i32 i32) (result i32) (i32.sub (i32.const 0)
    (call $path_filestat_get (local.get 0) (i32.const 1) (local.get 1) (local.get 2)
      (i32.const 32))))
  (func (export "touch") (param i32 i32 i32) (result i32) (i32.sub (i32.const 0)
    (call $path_filestat_set_times (local.get 0) (i32.const 1) (local.get 1) (local.get 2)
      (i64.const 0) (i64.const 0) (i32.const 5))))
  ;; How many of these descriptors are known to any function.
  (func (export "known") (param $fd i32) (param $end i32) (result i32) (local $count i32)
    (loop $next
      (if (i32.or (i32.or
          (i32.ne (call $fd_fdstat_get (local.get $fd) (i32.const 64)) (i32.const 8))
          (i32.ne (call $fd_prestat_get (local.get $fd) (i32.const 64)) (i32.const 8)))
        (i32.or
          (i32.ne (call $read (local.get $fd)) (i32.const -8))
          (i32.ne (call $close (local.get $fd)) (i32.const -8))))
        (then (local.set $count (i32.add (local.get $count) (i32.const 1)))))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $fd) (local.get $end))))
    (local.get $count))
  ;; How many of these descriptors are sockets.
  (func (export "sockets") (param $fd i32) (param $end i32) (result i32) (local $count i32)
    (loop $next
      (if (i32.eqz (call $sock_accept (local.get $fd) (i32.const 0) (i32.const 0)))
        (then (local.set $count (i32.add (local.get $count) (i32.const 1)))))
      (if (i32.eqz (call $sock_shutdown (local.get $fd) (i32.const 3)))
        (then (local.set $count (i32.add (local.get $count) (i32.const 1)))))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $fd) (local.get $end))))
    (local.get $count))
  (func (export "variables") (result i32)
    (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
    (i32.load (i32.const 0)))
  (func (export "arguments") (result i32)
    (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
    (i32.load (i32.const 0))))

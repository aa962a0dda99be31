;; LLVM 22 leaves `__wasm_init_tls` out of a module that does not export it. What applies the
;; relocations of thread-local pointers is still there, but nothing exports or calls it. It has a name,
;; or in the library just the form that wasm-ld gives it.
(module
  (@dylink.0
    (mem-info (memory 20 2))
    (export-info "pointer" tls))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "pointer" (global $pointer (mut i32)))
  (import "env" "sum" (func $sum (result i32)))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "pointer") i32 (i32.const 4))
  (data $tls "\00\00\00\00\00\00\00\00")
  (data $data "\05\00\00\00")
  (func $init_memory (local $flag i32) (local $tls i32)
    (local.set $flag (i32.add (global.get $base) (i32.const 16)))
    (block $drop
      (block $wait
        (block $init
          (br_table $init $wait $drop
            (i32.atomic.rmw.cmpxchg (local.get $flag) (i32.const 0) (i32.const 1))))
        (global.set $tls_base (local.tee $tls (i32.add (i32.const 0) (global.get $base))))
        (memory.init $tls (local.get $tls) (i32.const 0) (i32.const 8))
        (memory.init $data
          (i32.add (i32.const 8) (global.get $base)) (i32.const 0) (i32.const 4))
        (i32.atomic.store (local.get $flag) (i32.const 2))
        (drop (memory.atomic.notify (local.get $flag) (i32.const -1)))
        (br $drop))
      (drop (memory.atomic.wait32 (local.get $flag) (i32.const 1) (i64.const -1))))
    (data.drop $data))
  (start $init_memory)
  (func $__wasm_apply_tls_relocs
    (i32.store (i32.add (i32.const 4) (global.get $tls_base))
      (i32.add (global.get $base) (i32.const 8))))
  ;; It does the same to the other pointer, and the compiler wrote it: it is called from elsewhere.
  (func (export "point")
    (i32.store (i32.add (global.get $tls_base) (i32.const 0))
      (i32.add (global.get $base) (i32.const 8))))
  (func (export "test") (result i32)
    (if (i32.load (global.get $tls_base)) (then (return (i32.const 1))))
    (i32.add (i32.load (i32.load (global.get $pointer))) (call $sum))))

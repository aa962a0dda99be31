;; In LLVM 14, the start function leaves thread-local variables to `__wasm_init_tls`, whose
;; caller allocates a block for them. The linker places one, with the alignment that they need.
(module
  (@dylink.0
    (mem-info (memory 20 2))
    (export-info "own" 0x100))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "own" (global $own (mut i32)))
  (import "GOT.mem" "other" (global $other (mut i32)))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "__tls_size") i32 (i32.const 40))
  (global (export "__tls_align") i32 (i32.const 64))
  (global (export "own") i32 (i32.const 36))
  (data $tls "____________________________________\16\00\00\00")
  (data $data "\05\00\00\00\00\00\00\00")
  ;; What wasm-ld writes as the start function: only the first thread copies the data.
  (func $init_memory (local $flag i32) (local $tls i32)
    (local.set $flag (i32.add (global.get $base) (i32.const 16)))
    (block $drop
      (block $wait
        (block $init
          (br_table $init $wait $drop
            (i32.atomic.rmw.cmpxchg (local.get $flag) (i32.const 0) (i32.const 1))))
        (memory.init $data
          (i32.add (i32.const 8) (global.get $base)) (i32.const 0) (i32.const 8))
        (i32.atomic.store (local.get $flag) (i32.const 2))
        (drop (memory.atomic.notify (local.get $flag) (i32.const -1)))
        (br $drop))
      (drop (memory.atomic.wait32 (local.get $flag) (i32.const 1) (i64.const -1))))
    (data.drop $data))
  (export "__wasm_init_memory" (func $init_memory))
  (start $init_memory)
  (func (export "__wasm_init_tls") (param i32)
    (global.set $tls_base (local.get 0))
    (memory.init $tls (local.get 0) (i32.const 0) (i32.const 40)))
  (func (export "test") (result i32)
    (if (i32.rem_u (global.get $tls_base) (i32.const 64)) (then (unreachable)))
    (if (i32.ne (global.get $own) (i32.add (global.get $tls_base) (i32.const 36)))
      (then (unreachable)))
    (if (i32.ne (i32.load (i32.add (global.get $base) (i32.const 8))) (i32.const 5))
      (then (unreachable)))
    (i32.add (i32.load (global.get $own)) (i32.load (global.get $other)))))

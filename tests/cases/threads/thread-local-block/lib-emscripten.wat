;; Emscripten exports a function that allocates the block. It gets the one that the linker has
;; placed, and other calls of the same allocator still allocate.
(module
  (@dylink.0
    (mem-info (memory 20 2))
    (export-info "other" 0x100))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "emscripten_builtin_memalign" (func $allocate (param i32 i32) (result i32)))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "other") i32 (i32.const 4))
  (data $tls "\00\00\00\00\14\00\00\00")
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
  (start $init_memory)
  (func $init_tls (param i32)
    (global.set $tls_base (local.get 0))
    (memory.init $tls (local.get 0) (i32.const 0) (i32.const 8)))
  (func (export "emscripten_tls_init") (result i32) (local i32)
    (call $init_tls (local.tee 0 (call $allocate (i32.const 4) (i32.const 8))))
    (local.get 0))
  (func (export "__wasm_call_ctors")
    (if (i32.ne (call $allocate (i32.const 4) (i32.const 8)) (i32.const 77))
      (then (unreachable)))))

;; As LLVM 22 links it.
(module
  (@dylink.0
    (mem-info (memory 20 2))
    (export-info "variable" 0x100))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "variable") i32 (i32.const 4))
  (data $tls "\00\00\00\00\05\00\00\00")
  (data $data "\00\00\00\00\00\00\00\00")
  ;; What wasm-ld writes as the start function: only the first thread copies the data.
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
          (i32.add (i32.const 8) (global.get $base)) (i32.const 0) (i32.const 8))
        (i32.atomic.store (local.get $flag) (i32.const 2))
        (drop (memory.atomic.notify (local.get $flag) (i32.const -1)))
        (br $drop))
      (drop (memory.atomic.wait32 (local.get $flag) (i32.const 1) (i64.const -1))))
    (data.drop $data))
  (start $init_memory)
  (func (export "value") (result i32)
    (i32.store offset=4 (global.get $tls_base)
      (i32.add (i32.load offset=4 (global.get $tls_base)) (i32.const 1)))
    (i32.sub (i32.load offset=4 (global.get $tls_base)) (i32.const 1))))

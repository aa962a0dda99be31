;; A module that is compiled for threads, as LLVM 22 links it, imports a shared memory, copies its
;; data in the start function, and keeps its thread-local variables in its own data. A pointer in
;; these is relocated by `__wasm_init_tls`.
(module
  (@dylink.0
    (mem-info (memory 20 2))
    (export-info "own" 0x100)
    (export-info "pointer" 0x100))
  (import "env" "memory" (memory 1 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "own" (global $own (mut i32)))
  (import "GOT.mem" "other" (global $other (mut i32)))
  (import "env" "address_of_other" (func $address_of_other (result i32)))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "__tls_size") i32 (i32.const 8))
  (global (export "__tls_align") i32 (i32.const 4))
  (global (export "own") i32 (i32.const 0))
  (global (export "pointer") i32 (i32.const 4))
  (export "__tls_base" (global $tls_base))
  (data $tls "\0a\00\00\00\00\00\00\00")
  (data $data "\05\00\00\00\00\00\00\00")
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
  (func (export "__wasm_init_tls") (param i32)
    (global.set $tls_base (local.get 0))
    (memory.init $tls (local.get 0) (i32.const 0) (i32.const 8))
    (i32.store (i32.add (i32.const 4) (global.get $tls_base))
      (i32.add (global.get $base) (i32.const 8))))
  (func (export "__wasm_apply_data_relocs")
    (i32.store (i32.add (global.get $base) (i32.const 12)) (global.get $own)))
  (func (export "test") (result i32)
    ;; The variable is where the other module believes it is: 10 + 20, and 5 by the pointer.
    (if (i32.ne (global.get $other) (call $address_of_other)) (then (unreachable)))
    ;; The relocation in the data is applied after the data is copied.
    (if (i32.ne (i32.load (i32.add (global.get $base) (i32.const 12))) (global.get $tls_base))
      (then (unreachable)))
    (i32.store (global.get $other)
      (i32.add (i32.load (global.get $other)) (i32.const 7)))
    (i32.add
      (i32.add (i32.load (global.get $tls_base)) (i32.load (call $address_of_other)))
      (i32.load (i32.load (i32.add (global.get $tls_base) (i32.const 4)))))))

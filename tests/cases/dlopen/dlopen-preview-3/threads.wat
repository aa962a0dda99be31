;; Is compiled for threads by LLVM 22, and does not export `__wasm_init_tls`.
(module
  (@dylink.0 (mem-info (memory 12 2)))
  (import "env" "memory" (memory 0 65536 shared))
  (import "env" "__memory_base" (global $base i32))
  (global $tls_base (mut i32) (i32.const 0))
  (data $tls "\00\00\00\00")
  (data $data "\06\00\00\00")
  (start $init_memory)
  (func $init_memory (local $tls i32)
    (global.set $tls_base (local.tee $tls (i32.add (i32.const 4) (global.get $base))))
    (memory.init $tls (local.get $tls) (i32.const 0) (i32.const 4))
    (memory.init $data (i32.add (i32.const 8) (global.get $base)) (i32.const 0) (i32.const 4)))
  (func $__wasm_apply_tls_relocs
    (i32.store (i32.add (i32.const 0) (global.get $tls_base))
      (i32.add (global.get $base) (i32.const 8))))
  (func (export "next") (result i32) (i32.load (i32.load (global.get $tls_base)))))

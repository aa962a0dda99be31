(module
  (@dylink.0
    (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1 2 shared))
  (import "env" "__memory_base" (global $base i32))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "__tls_size") i32 (i32.const -1))
  (data $tls "\00\00\00\14")
  (func (export "__wasm_init_tls") (param i32)
    (global.set $tls_base (local.get 0))
    (memory.init $tls (local.get 0) (i32.const 0) (i32.const 4)))
  (func (export "test")))

(module
  (@dylink.0
    (mem-info (memory 4 2))
    (export-info "x" 0x100))
  (import "env" "memory" (memory 1 2 shared))
  (import "env" "__memory_base" (global $base i32))
  (global $tls_base (mut i32) (i32.const 0))
  (global (export "x") i32 (i32.const 0))
  (data $tls "\00\00\00\14")
  
  (func (export "test")))

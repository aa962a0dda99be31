(module
  (@dylink.0
    (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1 2 shared))
  (import "env" "__memory_base" (global $base i32))
  (global $tls_base (mut i32) (i32.const 0))
  
  (data $tls "\00\00\00\14")
  (func $start
    (global.set $tls_base (i32.add (i32.const 1) (global.get $base)))
    (memory.init $tls (i32.add (i32.const 1) (global.get $base)) (i32.const 0) (i32.const 4)))
  (start $start)
  (func (export "test")))

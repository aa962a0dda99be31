;; A main that is compiled for threads defines the memory that the others import. It becomes an
;; ordinary one, and grows beyond the maximum that threads need.
(module
  (import "env" "seven" (func $seven (result i32)))
  (memory (export "memory") 1 2 shared)
  (table (export "__indirect_function_table") 1 funcref)
  (global $sp (export "__stack_pointer") (mut i32) (i32.const 4096))
  (global (export "__heap_base") i32 (i32.const 8192))
  (global $tls_base (mut i32) (i32.const 0))
  (data $tls "\23\00\00\00")
  (func $init_memory
    (block $drop
      (block $wait
        (block $init
          (br_table $init $wait $drop
            (i32.atomic.rmw.cmpxchg (i32.const 5000) (i32.const 0) (i32.const 1))))
        (i32.const 4096)
        (global.set $tls_base (i32.const 4096))
        (i32.const 0)
        (i32.const 4)
        (memory.init $tls)
        (i32.atomic.store (i32.const 5000) (i32.const 2))
        (drop (memory.atomic.notify (i32.const 5000) (i32.const -1)))
        (br $drop))
      (drop (memory.atomic.wait32 (i32.const 5000) (i32.const 1) (i64.const -1)))))
  (start $init_memory)
  (func (export "test") (result i32)
    (if (i32.lt_s (memory.grow (i32.const 3)) (i32.const 0)) (then (unreachable)))
    (i32.add (i32.load (global.get $tls_base)) (call $seven))))

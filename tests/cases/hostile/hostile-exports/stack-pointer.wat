(module
  (@dylink.0 (mem-info))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (global (export "__stack_pointer") (mut i32) (i32.const 7))
  (global (export "__memory_base") i32 (i32.const 7))
  (global (export "__heap_base") i32 (i32.const 7))
  (func (export "test") (result i32)
    (if (result i32) (i32.eq (global.get $stack_pointer) (i32.const 7)) (then (i32.const 7)) (else (i32.const 42)))))
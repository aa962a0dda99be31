;; A main at fixed addresses contains Emscripten's libc: its `sbrk` takes all memory from the
;; address in its variable, which the linker sets to one after all modules.
(module
  (@dylink.0 (mem-info))
  (import "env" "library_data" (func $library_data (result i32)))
  (memory (export "memory") 1)
  (global $__stack_pointer (export "__stack_pointer") (mut i32) (i32.const 1024))
  (table (export "__indirect_function_table") 1 funcref)
  (global (export "__heap_base") i32 (i32.const 1040))
  (func $sbrk_ptr (export "emscripten_get_sbrk_ptr") (result i32) (i32.const 1024))
  (func (export "test") (result i32)
    ;; The heap begins behind the library's data.
    (if (i32.lt_u (i32.load (call $sbrk_ptr)) (i32.add (call $library_data) (i32.const 100)))
      (then (return (i32.const 1))))
    (i32.const 42))
  (data (i32.const 1024) "\10\04\00\00"))

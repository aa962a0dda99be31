;; Code for WASI preview 3 gets its stack pointer, and the address of its thread-local variables, from
;; functions that it imports. The stack is that of the process, and each module has thread-local
;; variables of its own.
(module
  (@dylink.0
    (mem-info (memory 24 2))
    (export-info "own" tls))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__wasm_get_stack_pointer" (func $get_stack_pointer (result i32)))
  (import "env" "__wasm_set_stack_pointer" (func $set_stack_pointer (param i32)))
  (import "env" "__wasm_get_tls_base" (func $get_tls_base (result i32)))
  (import "env" "__wasm_set_tls_base" (func $set_tls_base (param i32)))
  (import "env" "stack_pointer_of_lib" (func $stack_pointer_of_lib (result i32)))
  (import "env" "tls_base_of_lib" (func $tls_base_of_lib (result i32)))
  (import "env" "unused" (func $unused (result i32)))
  (import "GOT.mem" "own" (global $own (mut i32)))
  (import "GOT.mem" "other" (global $other (mut i32)))
  (import "GOT.mem" "__stack_high" (global $stack_high (mut i32)))
  (import "GOT.mem" "__wasm_library_tls_info" (global $info (mut i32)))
  (global (export "own") i32 (i32.const 4))
  (global (export "__wasm_library_tls_info") i32 (i32.const 8))
  (data $tls "\00\00\00\00\0b\00\00\00")
  (data (i32.add (global.get $base) (i32.const 20)) "\0c\00\00\00")
  (start $init_memory)
  (func $init_memory (local $tls i32)
    (call $set_tls_base
      (local.tee $tls (i32.add (i32.const 0) (global.get $base))))
    (memory.init $tls (local.get $tls) (i32.const 0) (i32.const 8)))
  ;; Nothing exports or calls it.
  (func $__wasm_apply_tls_relocs
    (i32.store (i32.add (i32.const 0) (call $get_tls_base))
      (i32.add (global.get $base) (i32.const 20))))
  (func (export "test") (result i32)
    ;; Both modules use one stack.
    (if (i32.ne (call $get_stack_pointer) (global.get $stack_high)) (then (return (i32.const 1))))
    (call $set_stack_pointer (i32.sub (call $get_stack_pointer) (i32.const 16)))
    (if (i32.ne (call $stack_pointer_of_lib) (call $get_stack_pointer)) (then (return (i32.const 2))))
    ;; The variables of each are in its own block.
    (if (i32.ne (global.get $own) (i32.add (call $get_tls_base) (i32.const 4)))
      (then (return (i32.const 3))))
    (if (i32.ne (global.get $other) (i32.add (call $tls_base_of_lib) (i32.const 8)))
      (then (return (i32.const 4))))
    ;; Each module describes its own.
    (if (i32.ne (global.get $info) (i32.add (global.get $base) (i32.const 8)))
      (then (return (i32.const 5))))
    ;; 12 by the pointer, 11, 10 and 9.
    (i32.add
      (i32.add (i32.load (i32.load (call $get_tls_base))) (i32.load (global.get $own)))
      (i32.add (i32.load (global.get $other)) (call $unused)))))

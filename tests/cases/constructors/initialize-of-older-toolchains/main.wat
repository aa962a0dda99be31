;; The constructors of modules built by older toolchains run exactly once. This module has none.
(module
  (@dylink.0
    (mem-info)
    (import-info "env" "__wasm_call_ctors" binding-weak undefined))
  (import "env" "constructed_a" (func $constructed_a (result i32)))
  (import "env" "constructed_b" (func $constructed_b (result i32)))
  (import "env" "says_so" (func $says_so (result i32)))
  (import "GOT.func" "__wasm_call_ctors" (global $has_constructors (mut i32)))
  (func (export "test") (result i32)
    (if (i32.ne (call $constructed_a) (i32.const 1)) (then (return (i32.const 1))))
    (if (i32.ne (call $constructed_b) (i32.const 1)) (then (return (i32.const 2))))
    (if (i32.eqz (call $says_so)) (then (return (i32.const 3))))
    (if (global.get $has_constructors) (then (return (i32.const 4))))
    (i32.const 42)))

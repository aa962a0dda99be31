;; What emcc 3.1.6 makes of a side module: `_initialize` calls the constructors if a weak symbol says that
;; there are any. If that symbol were looked up among all modules, or not found, they would be skipped.
(module
  (@dylink.0
    (mem-info (memory 4 2))
    (import-info "env" "__wasm_call_ctors" binding-weak undefined))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.func" "__wasm_call_ctors" (global $has_constructors (mut i32)))
  (func $constructors (export "__wasm_call_ctors")
    (i32.store (global.get $base) (i32.add (i32.load (global.get $base)) (i32.const 1))))
  (func (export "_initialize")
    (if (global.get $has_constructors) (then (call $constructors))))
  (func (export "constructed_a") (result i32) (i32.load (global.get $base)))
  (func (export "says_so") (result i32) (i32.ne (global.get $has_constructors) (i32.const 0))))

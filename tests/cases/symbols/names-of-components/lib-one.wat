;; Has an allocator of its own, which is not used: the program's is found first.
(module
  (@dylink.0 (mem-info))
  (import "env" "cabi_realloc" (func $realloc (param i32 i32 i32 i32) (result i32)))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 16))
  (func (export "allocated") (result i32)
    (call $realloc (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 4)))
  (func (export "test:shapes/one#[constructor]square") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 1))))

;; World: pair.wit of-right
(module
  (@dylink.0 (mem-info (memory 16 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (data (global.get $base) "\00\00\00\00\00\00\00\00text")
  (func (export "double") (param i32) (result i32)
    (i32.shl (local.get 0) (i32.const 1)))
  (func (export "docs:pair/right@0.1.0#value") (result i32) (i32.const 7))
  (func (export "docs:pair/right@0.1.0#text") (result i32)
    (i32.store (global.get $base) (i32.add (global.get $base) (i32.const 8)))
    (i32.store offset=4 (global.get $base) (i32.const 4))
    (global.get $base)))

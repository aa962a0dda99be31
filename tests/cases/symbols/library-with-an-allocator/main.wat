;; Two modules call each other and use each other's data. Both get memory from a third one, which takes
;; it from the start of the heap, whose address it keeps in its start function.
(module
  (@dylink.0 (mem-info (memory 4 2)) (needed "lib-heap.wasm"))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__stack_pointer" (global $stack_pointer (mut i32)))
  (import "env" "allocate" (func $allocate (param i32) (result i32)))
  (import "env" "twice" (func $twice (param i32) (result i32)))
  (import "GOT.mem" "numbers" (global $numbers (mut i32)))
  (global (export "factor") i32 (i32.const 0))
  (data (global.get $base) "\02\00\00\00")
  (func (export "__wasm_call_ctors"))
  (func (export "__wasm_apply_data_relocs"))
  ;; Passes on the sum of its parameter and a number of the library.
  (func (export "plus_third") (param $x i32) (result i32) (local $memory i32)
    (global.set $stack_pointer (i32.sub (global.get $stack_pointer) (i32.const 16)))
    (local.set $memory (call $allocate (i32.const 4)))
    (i32.store (local.get $memory) (local.get $x))
    (i32.store (global.get $stack_pointer) (i32.load offset=8 (global.get $numbers)))
    (local.set $x (i32.add (i32.load (local.get $memory)) (i32.load (global.get $stack_pointer))))
    (global.set $stack_pointer (i32.add (global.get $stack_pointer) (i32.const 16)))
    (local.get $x))
  (func (export "test") (result i32) (call $twice (i32.const 18))))

;; What emcc 3.1.6 makes of a static pointer: the start function writes it, the constructors write it again,
;; and here the export does so too. The values that it writes must be final before the start function runs.
(module
  (@dylink.0 (mem-info (memory 12 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "number" (global $number (mut i32)))
  (import "GOT.func" "answer" (global $answer (mut i32)))
  (func $relocate (export "__wasm_apply_data_relocs")
    (i32.store (global.get $base) (global.get $number))
    (i32.store offset=4 (global.get $base) (global.get $answer))
    (i32.store offset=8 (global.get $base)
      (i32.add (i32.load offset=8 (global.get $base)) (i32.const 1))))
  (start $relocate)
  (func (export "__wasm_call_ctors") (call $relocate))
  (func (export "pointer_to_number") (result i32) (i32.load (global.get $base)))
  (func (export "pointer_to_answer") (result i32) (i32.load offset=4 (global.get $base)))
  (func (export "times_relocated") (result i32) (i32.load offset=8 (global.get $base))))

;; Its constructor follows main's pointer. Its exports are in the order that real toolchains write them in,
;; constructors first: whoever initialised in that order would follow a null pointer.
(module
  (@dylink.0 (mem-info (memory 8 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "GOT.mem" "pointer_of_main" (global $pointer_of_main (mut i32)))
  (import "GOT.mem" "number_of_main" (global $number_of_main (mut i32)))
  (global (export "pointer_of_a") i32 (i32.const 0))
  (global $relocated (mut i32) (i32.const 0))
  (func (export "__wasm_call_ctors")
    (i32.store offset=4 (global.get $base)
      (i32.load (i32.load (global.get $pointer_of_main)))))
  (func (export "__wasm_apply_global_relocs")
    (global.set $relocated (i32.load (global.get $base))))
  (func (export "__wasm_apply_data_relocs")
    (i32.store (global.get $base) (global.get $number_of_main)))
  (func (export "seen_by_a") (result i32) (i32.load offset=4 (global.get $base)))
  (func (export "global_of_a") (result i32) (global.get $relocated)))

;; A variable that points to one of another module, by a relocation.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "GOT.mem" "number" (global $number (mut i32)))
  (global (export "pointer") i32 (i32.const 0))
  (func (export "__wasm_apply_data_relocs")
    (i32.store (global.get $memory_base) (global.get $number))))

;; A relocation function that clears memory clears only its own range: the bytes after it keep their
;; values.
(module
  (@dylink.0 (mem-info (memory 12 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (data (global.get $memory_base) "\07\00\00\00\07\00\00\00\2a\00\00\00")
  (func (export "__wasm_apply_data_relocs")
    (memory.fill (i32.add (global.get $memory_base) (i32.const 4)) (i32.const 0) (i32.const 4)))
  (func (export "test") (result i32)
    (if (i32.ne (i32.load (global.get $memory_base)) (i32.const 7)) (then (return (i32.const 1))))
    (i32.add
      (i32.load offset=4 (global.get $memory_base))
      (i32.load offset=8 (global.get $memory_base)))))

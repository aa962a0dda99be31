;; Writes down digits. All three need it, and it needs none of them: its constructor runs before theirs.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (func (export "notes") (result i32) (i32.load (global.get $base)))
  (func (export "note") (param $digit i32)
    (i32.store (global.get $base)
      (i32.add (i32.mul (i32.load (global.get $base)) (i32.const 10)) (local.get $digit))))
  (func (export "__wasm_call_ctors") (i32.store (global.get $base) (i32.const 9))))

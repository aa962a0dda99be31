;; Fills all of its data, on the other side of the bss.
(module
  (@dylink.0 (mem-info (memory 5 0)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (data (global.get $base) "\ff\ff\ff\ff\ff")
  (func (export "is_c_intact") (result i32)
    (i64.eq
      (i64.and (i64.load align=1 (global.get $base)) (i64.const 0xffffffffff))
      (i64.const 0xffffffffff))))

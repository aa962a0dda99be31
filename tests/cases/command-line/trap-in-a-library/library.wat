;; Calls itself through its import, and main.
(module
  (@dylink.0 (mem-info))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "env" "_ZN3lib5innerEi" (func $inner_by_import (param i32) (result i32)))
  (import "env" "_Z6divideii" (func $_Z6divideii (param i32 i32) (result i32)))
  (func $unused)
  (func $_ZN3lib5innerEi (export "_ZN3lib5innerEi") (param i32) (result i32)
    (drop (call $yield))
    (i32.add (i32.const 1) (call $_Z6divideii (i32.const 1) (local.get 0))))
  (func $_ZN3lib6middleEi (export "_ZN3lib6middleEi") (param i32) (result i32)
    (i32.add (i32.const 1) (call $inner_by_import (local.get 0)))))

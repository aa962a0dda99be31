;; Divides by zero for the library, which it calls.
(module
  (@dylink.0 (mem-info))
  (import "env" "_ZN3lib6middleEi" (func $_ZN3lib6middleEi (param i32) (result i32)))
  (func $unused)
  (func $_Z6divideii (export "_Z6divideii") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1)))
  (func $test (export "test") (result i32) (call $_ZN3lib6middleEi (i32.const 0))))

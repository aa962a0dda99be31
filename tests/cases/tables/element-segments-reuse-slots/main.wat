;; The pointer that a library computes and the one that the linker provides are equal, since the
;; linker reuses the existing slot. Two slots for one function would compare as two functions.
(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "GOT.func" "second" (global $second (mut i32)))
  (import "GOT.func" "outside" (global $outside (mut i32)))
  (import "env" "pointer_to_second" (func $pointer_to_second (result i32)))
  (func (export "test") (result i32)
    (if (i32.ne (global.get $second) (call $pointer_to_second)) (then (return (i32.const 1))))
    (if (i32.ne (call_indirect (result i32) (global.get $second)) (i32.const 2))
      (then (return (i32.const 2))))
    (if (i32.ne (call_indirect (result i32) (global.get $outside)) (i32.const 3))
      (then (return (i32.const 3))))
    (i32.const 42)))

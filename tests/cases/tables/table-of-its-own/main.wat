;; A slot in a module's own table is not a slot of the process's table, and must not be reused as
;; one.
(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "five_by_own_table" (func $five_by_own_table (result i32)))
  (import "GOT.func" "five" (global $five (mut i32)))
  (func (export "test") (result i32)
    (if (i32.ne (call $five_by_own_table) (i32.const 5)) (then (return (i32.const 1))))
    (if (i32.ne (call_indirect (result i32) (global.get $five)) (i32.const 5))
      (then (return (i32.const 2))))
    (i32.const 42)))

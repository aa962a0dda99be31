;; Two of a library's slots are used by name, and the one between them keeps its function.
(module
  (@dylink.0 (mem-info))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (import "env" "call_two" (func $call_two (result i32)))
  (import "GOT.func" "ten" (global $ten (mut i32)))
  (import "GOT.func" "thirty" (global $thirty (mut i32)))
  (func (export "test") (result i32)
    (i32.add (call $call_two)
      (i32.add
        (call_indirect (result i32) (global.get $ten))
        (call_indirect (result i32) (global.get $thirty))))))

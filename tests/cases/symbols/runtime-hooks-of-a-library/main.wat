;; A shared library imports the functions that notify JavaScript, and takes the address of one.
(module
    (@dylink.0 (mem-info))
    (import "env" "memory" (memory 0))
    (import "env" "__indirect_function_table" (table 0 funcref))
    (import "env" "__handle_stack_overflow" (func $overflow (param i32)))
    (import "GOT.func" "alignfault" (global $alignfault (mut i32)))
    (func (export "test") (result i32)
        (if (i32.eqz (global.get $alignfault)) (then (unreachable)))
        (call_indirect (global.get $alignfault))
        (call $overflow (i32.const 7))
        (i32.const 42)))

;; A library that refers to more than it calls.
(module
  (@dylink.0 (mem-info))
  (type $handler (func))
  (type $write (func (param i32) (result i32)))
  (import "env" "used" (func $used (result i32)))
  (import "env" "_ZN3log5writeEPKc" (func $write (type $write)))
  (import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))
  (import "GOT.func" "handler" (global $handler (mut i32)))
  (import "GOT.func" "_ZN3log5writeEPKc" (global $write_address (mut i32)))
  (import "env" "__indirect_function_table" (table 0 funcref))
  (func (export "run") (result i32) (call $used))
  (func (export "log") (result i32) (call $write (i32.const 1)))
  (func (export "leave") (call $exit (i32.const 1)))
  ;; Neither address is null, and they differ.
  (func (export "addresses") (result i32)
    (i32.mul
      (i32.ne (global.get $handler) (global.get $write_address))
      (i32.mul
        (i32.ne (global.get $handler) (i32.const 0))
        (i32.ne (global.get $write_address) (i32.const 0)))))
  (func (export "handle") (call_indirect (type $handler) (global.get $handler)))
  (func (export "log_by_pointer") (result i32)
    (call_indirect (type $write) (i32.const 1) (global.get $write_address))))

;; Undefined functions that a module exports under another language's name are suggested: C++ for C
;; and the reverse, and the same with Rust. Names in namespaces count too, overloads only at the
;; wanted type, templates not at all.
(module
  (@dylink.0 (mem-info))
  (import "env" "add" (func (param i32 i32) (result i32)))
  (import "env" "in_space" (func (param f64) (result f64)))
  (import "env" "_Z3subii" (func (param i32 i32) (result i32)))
  (import "env" "_ZN5space5plainEi" (func (param i32)))
  (import "env" "mangled" (func (param i64) (result i64)))
  (import "env" "mangled_v0" (func))
  (import "env" "_ZN4calc5shown17h0123456789abcdefE" (func (param i32) (result i32)))
  (import "GOT.func" "pointed" (global (mut i32)))
  (import "env" "generic" (func))
  (func (export "test") (result i32) (i32.const 1)))

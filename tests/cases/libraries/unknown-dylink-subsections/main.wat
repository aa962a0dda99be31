;; Later versions of the convention may add to `dylink.0`, and a section may come in several parts: what is
;; unknown is skipped by its size, here a subsection 99 before and after one that says that 4 bytes of memory
;; are needed, one that says that a library is, and one that says so of another.
(module
  (@custom "dylink.0" (before first)
    "\63\03abc"
    "\01\04\04\02\00\00"
    "\02\0f\01\0dneeded-a.wasm"
    "\63\00"
    "\02\0f\01\0dneeded-b.wasm")
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "a" (func $a (result i32)))
  (import "env" "b" (func $b (result i32)))
  (data (global.get $base) "\02\00\00\00")
  (func (export "test") (result i32)
    (i32.add (i32.load (global.get $base)) (i32.add (call $a) (call $b)))))

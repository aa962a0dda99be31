;; The linker skips unknown subsections of `dylink.0` by their size, since later versions of the
;; convention may add some, and accepts several such sections. Here a subsection 99 comes before and
;; after three others: one asks for 4 bytes of memory, and two name a needed library each.
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

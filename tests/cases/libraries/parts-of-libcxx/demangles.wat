;; Demangles a name, which is empty.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "__cxa_demangle" (func $demangle (param i32 i32 i32 i32) (result i32)))
  (func (export "demangles") (result i32)
    (drop (call $demangle
      (global.get $base) (i32.const 0) (i32.const 0) (global.get $base)))
    ;; It is not a valid name.
    (i32.load (global.get $base))))

;; Undefined functions, function pointers and data are all reported at once, in the order of modules
;; and imports, with the importer, the type, the source name, and what was probably meant.
(module
  (@dylink.0 (mem-info))
  (import "env" "_Z5scalefi" (func (param f32 i32) (result f32)))
  (import "env" "unknown" (func (param i32)))
  (import "GOT.func" "_ZN4calc5parseEPKc" (global (mut i32)))
  (import "GOT.mem" "counter" (global (mut i32)))
  (import "other" "f" (func))
  (func (export "test") (result i32) (i32.const 1)))

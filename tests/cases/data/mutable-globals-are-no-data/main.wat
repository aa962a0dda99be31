;; The first module with an export of the name is not always the first definition: data is what an immutable
;; global gives the address of.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "GOT.mem" "number" (global $number (mut i32)))
  (func (export "test") (result i32) (i32.load (global.get $number))))

;; The first module that exports a name is not always the first that defines it as data: only
;; immutable globals give addresses of data.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "GOT.mem" "number" (global $number (mut i32)))
  (func (export "test") (result i32) (i32.load (global.get $number))))

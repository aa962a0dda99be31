;; What a program imports must be defined when it is linked, although a library that it opens later
;; defines it too: that one is not linked.
(module
  (@dylink.0 (mem-info))
  (import "GOT.mem" "variable" (global (mut i32)))
  (import "env" "function" (func))
  (func (export "test") (result i32) (i32.const 1)))

;; Each of two modules needs a global of the other, so neither can be instantiated first.
(module
  (@dylink.0 (mem-info))
  (import "env" "theirs" (global $theirs (mut i32)))
  (global (export "ours") (mut i32) (i32.const 1))
  (func (export "test") (result i32) (global.get $theirs)))

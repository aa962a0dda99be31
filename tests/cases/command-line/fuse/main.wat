;; Has data of its own, too.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "next" (func $next (result i32)))
  (data (global.get $base) "\29\00\00\00")
  (func (export "test") (result i32) (i32.add (i32.load (global.get $base)) (call $next))))

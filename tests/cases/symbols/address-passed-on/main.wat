;; A module exports addresses that it imports from the linker. They belong to no module, but are
;; exported all the same.
(module
  (@dylink.0 (mem-info (memory 16 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "GOT.mem" "shared" (global $shared (mut i32)))
  (data (global.get $memory_base) "\2a\00\00\00")
  (global (export "shared") i32 (i32.const 0))
  (export "base" (global $memory_base))
  (export "address" (global $shared))
  (func (export "test") (result i32) (i32.load (global.get $memory_base))))

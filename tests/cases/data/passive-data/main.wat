;; Code copies passive segments by their indices, also when modules become one.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "two" (func $two (result i32)))
  (data $other "\01")
  (data $forty "\28")
  (func (export "test") (result i32)
    (memory.init $forty (global.get $memory_base) (i32.const 0) (i32.const 1))
    (i32.add (i32.load (global.get $memory_base)) (call $two))))

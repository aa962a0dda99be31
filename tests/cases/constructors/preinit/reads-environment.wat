(module
  (@dylink.0 (mem-info (memory 8 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "getenv" (func $getenv (param i32) (result i32)))
  (data (global.get $base) "HOME\00")
  (func $read_home (drop (call $getenv (global.get $base))))
  (func (export "__wasm_call_ctors") (call $read_home))
  (func (export "test") (result i32) (i32.const 42)))

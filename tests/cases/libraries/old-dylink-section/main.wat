;; A side module has the `dylink` section that Emscripten wrote before 2022: memory size and its
;; alignment as a power of two, the same for the table, and the names of needed libraries.
(module
  (@custom "dylink" (before first) "\04\02\01\00\01\0fneeded-two.wasm")
  (import "env" "memory" (memory 1))
  (import "env" "__indirect_function_table" (table 1 funcref))
  (import "env" "__memory_base" (global $memory_base i32))
  (import "env" "__table_base" (global $table_base i32))
  (import "env" "two" (func $two (result i32)))
  (elem (global.get $table_base) func $forty)
  (func $forty (result i32) (i32.load (global.get $memory_base)))
  (func (export "test") (result i32)
    (i32.add (call_indirect (result i32) (global.get $table_base)) (call $two)))
  (data (global.get $memory_base) "\28\00\00\00"))

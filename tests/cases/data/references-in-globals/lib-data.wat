;; Only a global, which follows an imported one, says where its data is.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $memory_base i32))
  (global $place i32 (global.get $memory_base))
  (data (global.get $memory_base) "\28\00\00\00")
  (func (export "forty") (result i32) (i32.load (global.get $place))))

;; Has a table of its own under the name of the process's, and `forty` in its slot 2. The name `memory` is free too.
(module
  (table (export "__indirect_function_table") 3 funcref)
  (elem (i32.const 1) func $memory $forty)
  (func $memory (export "memory"))
  (func $forty (export "forty") (result i32) (i32.const 40)))

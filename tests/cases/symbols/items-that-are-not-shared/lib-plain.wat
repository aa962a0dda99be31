(module
  (table (export "other_table") 1 funcref)
  (global (export "other_global") (mut i32) (i32.const 1)))

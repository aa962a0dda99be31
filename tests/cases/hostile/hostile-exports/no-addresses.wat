(module
  (@dylink.0 (mem-info (memory 16 2)))
  (global (export "long") i64 (i64.const 8))
  (global (export "float") f32 (f32.const 8))
  (global (export "changes") (mut i32) (i32.const 8))
  (global (export "reference") funcref (ref.null func)))
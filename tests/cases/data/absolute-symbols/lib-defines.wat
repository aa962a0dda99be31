(module
  (@dylink.0 (mem-info (memory 4 2)) (export-info "fixed" absolute))
  (global (export "relative") i32 (i32.const 0))
  (global (export "fixed") i32 (i32.const 4096)))

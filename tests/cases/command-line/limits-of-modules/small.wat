(module
  (@dylink.0 (mem-info) (export-info "small" 0))
  (import "env" "memory" (memory 0))
  (func (export "small") (result i32) (i32.const 1))
  (func (export "test_small") (result i32) (i32.const 42)))
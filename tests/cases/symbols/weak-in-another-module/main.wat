;; `env.level` may be undefined; that says nothing of `sensor.level`.
(module
  (@dylink.0 (mem-info) (import-info "env" "level" binding-weak))
  (import "env" "level" (func (result i32)))
  (import "sensor" "level" (func $level (result i32)))
  (func (export "test") (result i32) (call $level)))

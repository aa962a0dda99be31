;; A weak import of `env.level` says nothing about `sensor.level`, which must be defined.
(module
  (@dylink.0 (mem-info) (import-info "env" "level" binding-weak))
  (import "env" "level" (func (result i32)))
  (import "sensor" "level" (func $level (result i32)))
  (func (export "test") (result i32) (call $level)))

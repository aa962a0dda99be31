;; Symbols that have flags in `dylink.0`, but not the weak flag, must be defined.
(module
  (@dylink.0
    (mem-info)
    (import-info "env" "hidden" visibility-hidden undefined)
    (import-info "env" "weak" binding-weak undefined))
  (import "env" "hidden" (func $hidden))
  (import "env" "weak" (func $weak))
  (func (export "test") (result i32) (call $hidden) (call $weak) (i32.const 1)))

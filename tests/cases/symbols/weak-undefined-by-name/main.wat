;; A symbol is weak by its name: toolchains record it under the module `env`, even where only its
;; address is imported, from `GOT.func` or `GOT.mem`. The call would trap if it were reached.
(module
  (@dylink.0
    (mem-info)
    (import-info "env" "called" binding-weak undefined)
    (import-info "env" "pointed_to" binding-weak undefined)
    (import-info "env" "data" binding-weak undefined))
  (import "env" "called" (func $called))
  (import "GOT.func" "called" (global $called_slot (mut i32)))
  (import "GOT.func" "pointed_to" (global $pointed_to (mut i32)))
  (import "GOT.mem" "data" (global $data (mut i32)))
  (func (export "test") (result i32)
    (if (global.get $called_slot) (then (call $called) (return (i32.const 1))))
    (if (global.get $pointed_to) (then (return (i32.const 2))))
    (if (global.get $data) (then (return (i32.const 3))))
    (i32.const 42)))

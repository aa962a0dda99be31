;; Modules after `wasm-opt --asyncify --pass-arg=asyncify-relocatable` share their state. No module
;; defines it, so the linker does.
(module
  (@dylink.0 (mem-info))
  (import "env" "__asyncify_state" (global $state (mut i32)))
  (import "env" "__asyncify_data" (global $data (mut i32)))
  (import "env" "start_unwind" (func $start_unwind (param i32)))
  (func (export "test") (result i32)
    (call $start_unwind (i32.const 40))
    (i32.add (i32.mul (global.get $state) (i32.const 2)) (global.get $data))))

;; Some `invoke_*` functions are refused: those whose type does not match their letters, one whose
;; name has no letters, and one that two modules import at different types.
(module
  (@dylink.0 (mem-info))
  (import "env" "invoke_vi" (func (param i32 f64)))
  (import "env" "invoke_iij" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "invoke_callbacks" (func (param i32)))
  (import "env" "__cxa_find_matching_catch_4" (func (param i32) (result i32)))
  (func (export "test") (result i32) (i32.const 42)))

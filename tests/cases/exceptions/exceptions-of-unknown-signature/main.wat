;; Functions `invoke_*` whose type is not the one that the letters stand for, one whose name has no such letters, and
;; one that two modules want at different types.
(module
  (@dylink.0 (mem-info))
  (import "env" "invoke_vi" (func (param i32 f64)))
  (import "env" "invoke_iij" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "invoke_callbacks" (func (param i32)))
  (import "env" "__cxa_find_matching_catch_4" (func (param i32) (result i32)))
  (func (export "test") (result i32) (i32.const 42)))

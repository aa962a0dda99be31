;; Exports what it imports: that is no definition.
(module
  (@dylink.0 (mem-info))
  (import "env" "malloc" (func $malloc (param i32) (result i32)))
  (export "malloc" (func $malloc)))

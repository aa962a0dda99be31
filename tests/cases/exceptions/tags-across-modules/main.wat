;; A module imports a tag to catch exceptions of another module. The import must stay: a tag has no
;; address.
(module
  (@dylink.0 (mem-info))
  (import "env" "oops" (tag $oops (param i32)))
  (import "env" "throw" (func $throw (param i32)))
  (func (export "test") (result i32)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (call $throw (i32.const 42)))
      (i32.const 1))))

;; A program imports a tag of a library that calls it back: the module that defines a tag is
;; instantiated first.
(module
  (@dylink.0 (mem-info))
  (import "env" "oops" (tag $oops (param i32)))
  (import "env" "throw" (func $throw (param i32)))
  (func (export "answer") (result i32) (i32.const 42))
  (func (export "test") (result i32)
    (block $caught (result i32)
      (try_table (catch $oops $caught) (call $throw (i32.const 1)))
      (i32.const 2))))

(module
  (@dylink.0 (mem-info))
  (import "env" "answer" (func $answer (result i32)))
  (tag $oops (export "oops") (param i32))
  (func (export "throw") (param i32) (throw $oops (call $answer))))

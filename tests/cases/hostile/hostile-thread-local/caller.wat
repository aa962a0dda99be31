(module
  (import "own" "f" (func $f))
  (func (export "test") (call $f)))

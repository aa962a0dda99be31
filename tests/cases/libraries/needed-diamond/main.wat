;; Two libraries need a third: it is loaded once, has one counter, and its constructor runs once,
;; before theirs.
(module
  (@dylink.0 (mem-info) (needed "needed-left.wasm" "needed-right.wasm"))
  (import "env" "left" (func $left))
  (import "env" "right" (func $right))
  (import "env" "count" (func $count (result i32)))
  (func (export "test") (result i32)
    (if (i32.ne (call $count) (i32.const 100)) (then (return (i32.const 1))))
    (call $left)
    (call $right)
    (if (i32.ne (call $count) (i32.const 111)) (then (return (i32.const 2))))
    (i32.const 42)))

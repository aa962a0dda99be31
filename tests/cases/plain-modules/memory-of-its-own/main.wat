;; A shared library with its own memory, instead of the process's, is refused: its address 0 would
;; become that of the process.
(module
  (@dylink.0 (mem-info))
  (import "env" "peek" (func $peek (result i32)))
  (memory $own 1)
  (data $own (i32.const 0) "mine")
  (func (export "test") (result i32)
    (if (i32.eqz (i32.load $own (i32.const 0))) (then (return (i32.const 1))))
    ;; What the process has there is nothing.
    (if (call $peek) (then (return (i32.const 2))))
    (i32.const 42)))

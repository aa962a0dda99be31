;; Three modules form a cycle: whichever is instantiated first must call a function that does not
;; exist yet. Only one of the three calls goes through a slot of the table. 21 calls are 7 rounds of
;; 1 + 2 + 3.
(module
  (@dylink.0 (mem-info))
  (import "env" "a" (func $a (param i32 i32) (result i32)))
  (func (export "test") (result i32) (call $a (i32.const 21) (i32.const 0))))

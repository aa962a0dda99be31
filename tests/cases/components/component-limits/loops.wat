;; Loops, grows its memory, calls itself, and fails, for ever.
(module
  (memory (export "memory") 1)
  (func (export "loops") (loop (br 0)))
  (func (export "grows") (param i32) (result i32) (memory.grow (local.get 0)))
  (func $recurses (export "recurses") (call $recurses))
  (func $inner (unreachable))
  (func (export "fails") (call $inner)))

;; Prepares a memory of its own, by a function that does nothing else than a relocation would.
(module
  (memory (export "memory") 1)
  (data (i32.const 12) "\ff\ff\ff\ff")
  (start $prepare)
  (func $prepare
    (i32.store (i32.const 8) (i32.const 42))
    (memory.fill (i32.const 12) (i32.const 0) (i32.const 4)))
  (func (export "sum") (result i32) (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 12)))))

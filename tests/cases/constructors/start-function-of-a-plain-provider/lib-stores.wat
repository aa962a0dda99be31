;; Prepares a memory of its own, by a function that does nothing else than a relocation would.
(module
  (memory (export "stores_memory") 1)
  (start $prepare)
  (func $prepare (i32.store (i32.const 8) (i32.const 40)))
  (func (export "forty") (result i32) (i32.load (i32.const 8))))

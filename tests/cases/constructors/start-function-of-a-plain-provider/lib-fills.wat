;; As `lib-stores`, with what clears data that starts as zero.
(module
  (memory (export "fills_memory") 1)
  (data (i32.const 8) "\ff\ff\ff\ff\02")
  (start $prepare)
  (func $prepare (memory.fill (i32.const 8) (i32.const 0) (i32.const 4)))
  (func (export "two") (result i32)
    (i32.add (i32.load (i32.const 8)) (i32.load (i32.const 12)))))

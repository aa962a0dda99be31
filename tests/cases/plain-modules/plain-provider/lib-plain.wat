;; No shared library: it has no `dylink.0` section, a memory of its own, and even an export that is called
;; like a name of the convention. It takes part with its functions.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\28\00\00\00")
  (global (export "__memory_base") i32 (i32.const 7))
  (func (export "add_forty") (param i32) (result i32)
    (i32.add (local.get 0) (i32.load (i32.const 0)))))

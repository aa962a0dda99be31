;; Was linked to a memory of few pages, and uses those that another module adds.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (func (export "pages") (result i32) (memory.size))
  (func (export "grow") (param $pages i32) (result i32) (memory.grow (local.get $pages)))
  (func (export "write") (param $at i32) (param $value i32)
    (i32.store (local.get $at) (local.get $value))))

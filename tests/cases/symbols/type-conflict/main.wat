;; Two modules import one name at two types, as happens when one of them includes an old header.
;; Only one of the types can be right. The same name under two module names is two functions.
(module
  (@dylink.0 (mem-info))
  (func (export "fd_write") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "size") (result i32) (i32.const 0))
  (func (export "convert") (param i32) (result i32) (local.get 0))
  (func (export "test") (result i32) (i32.const 1)))

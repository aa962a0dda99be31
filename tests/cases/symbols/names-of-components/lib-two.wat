;; What an encoder of components would call by itself is not called.
(module
  (@dylink.0 (mem-info))
  (func (export "__wasm_task_hook") (param i32) (unreachable))
  (func (export "cabi_post_test") (param i32) (unreachable))
  (func (export "test:shapes/two#[constructor]square") (param i32) (result i32)
    (i32.add (local.get 0) (i32.const 3)))
  (func (export "test:shapes/two#[method]square.area") (param i32) (result i32)
    (i32.mul (local.get 0) (local.get 0))))

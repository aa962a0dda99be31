(module
  (@dylink.0 (mem-info) (needed "opened-nowhere.wasm" "opened-undefined.wasm"))
  (func (export "bad") (result i32) (i32.const 1)))

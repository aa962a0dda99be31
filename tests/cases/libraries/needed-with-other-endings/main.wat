(module
  (@dylink.0 (mem-info) (needed "libx.so.1"))
  (func (export "__wasm_call_ctors")))

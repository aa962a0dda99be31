(module
  (@dylink.0 (mem-info)
    (needed "libc.so.6" "libm.so" "libdl.so.2" "libc++.so" "libc++abi.so.1" "libc.wasm"))
  (import "env" "dlerror" (func $dlerror (result i32)))
  (import "env" "abs" (func $abs (param i32) (result i32)))
  (func (export "test") (result i32)
    (i32.mul (call $abs (i32.const -42)) (i32.eqz (call $dlerror)))))

(module (@dylink.0 (mem-info) (needed "gone.wasm" "main.wasm" "libm.so")))

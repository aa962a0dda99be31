(module (@dylink.0 (mem-info) (needed "gone.wasm")))

(module (@dylink.0 (mem-info) (needed "text.wasm")))

(module (@dylink.0 (mem-info) (needed "../main.wasm" "/etc/passwd" "..")))

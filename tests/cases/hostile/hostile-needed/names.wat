(module
  (@dylink.0 (mem-info) (needed "../main.wasm" "/etc/passwd" ".." "." "" "a/b.wasm" "a\5cb.wasm" "C:main.wasm" "nul\00.wasm" "\e2\80\aegpj.wasm\1b[2J"))
  (func (export "test") (result i32) (i32.const 42)))
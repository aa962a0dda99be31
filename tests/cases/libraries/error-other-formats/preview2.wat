;; As `wasm32-wasip2` makes it of C that prints.
(module
  (@dylink.0 (mem-info))
  (import "wasi:cli/stdout@0.2.0" "get-stdout" (func (result i32)))
  (import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
    (func (param i32 i32 i32 i32)))
  (import "wasi:io/streams@0.2.0" "[resource-drop]output-stream" (func (param i32)))
  (import "wasi:io/error@0.2.0" "[resource-drop]error" (func (param i32)))
  (import "wasi:clocks/wall-clock@0.2.0" "now" (func (param i32)))
  (func (export "square") (param i32) (result i32)
    (i32.mul (local.get 0) (local.get 0))))

(module
  (@dylink.0 (mem-info))
  (import "env" "emscripten_proxy_sync" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "emscripten_dispatch_to_thread_" (func (param i32 i32 i32 i32 i32))))

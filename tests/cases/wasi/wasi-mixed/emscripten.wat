(module
  (@dylink.0 (mem-info))
  (import "env" "emscripten_get_now" (func $now (result f64)))
  (func (export "now") (result f64) (call $now)))

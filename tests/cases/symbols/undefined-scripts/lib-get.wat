(module
  (@dylink.0 (mem-info))
  (import "GOT.func" "emscripten_run_script" (global $run (mut i32)))
  (func (export "get") (result i32) (global.get $run)))

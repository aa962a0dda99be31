;; A module and a library that take the addresses of Emscripten's functions for scripts, which are
;; JavaScript: an error that says so.
(module
  (@dylink.0 (mem-info))
  (import "GOT.func" "emscripten_run_script" (global $run (mut i32)))
  (import "GOT.func" "emscripten_run_script_string" (global $string (mut i32)))
  (import "env" "get" (func $get (result i32)))
  (func (export "test") (result i32)
    (i32.add (i32.eq (call $get) (global.get $run)) (global.get $string))))

;; As Emscripten links it without `--no-entry`: its `_start` runs the constructors, which the linker has done already.
(module
  (@dylink.0 (mem-info))
  (import "env" "work" (func $work))
  (import "env" "leave" (func $leave))
  (func $constructors (export "__wasm_call_ctors") (call $work))
  (func (export "_start") (call $constructors) (call $leave)))

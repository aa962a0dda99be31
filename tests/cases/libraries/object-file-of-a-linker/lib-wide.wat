;; As `wasm-ld -r` joins object files, which `emcc -shared` of older versions and CMake's SHARED do: no
;; memory is imported, but there is the section by which files are linked.
(module
  (import "env" "__indirect_function_table" (table 0 funcref))
  (func (param i64) (result i64) (local.get 0))
  (@custom "linking" (after code) "\02"))

;; A program that catches as with `-fexceptions` cannot be linked to a library built with
;; `-fwasm-exceptions`.
(module
  (@dylink.0 (mem-info))
  (import "env" "__cxa_find_matching_catch_2" (func $find (result i32)))
  (func (export "test") (result i32) (call $find)))

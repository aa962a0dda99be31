;; The name of the file decides nothing where a symbol does.
(module
  (@dylink.0 (mem-info) (needed "libc.so"))
  (import "env" "abs" (func $abs (param i32) (result i32)))
  (import "env" "now" (func $now (result f64)))
  (func (export "test") (result i32)
    (call $abs (select (i32.const -42) (i32.const -1) (f64.gt (call $now) (f64.const 0))))))

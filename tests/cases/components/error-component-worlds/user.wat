;; World: app.wit imports-texts
(module
  (@dylink.0 (mem-info (memory 8 2)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "free" (func $free (param i32)))
  (import "docs:app/texts@0.1.0" "get" (func $get (param i32)))
  (func (export "use-text")
    (call $get (global.get $base))
    (call $free (i32.load (global.get $base)))))

;; Exports immutable globals that are not addresses: a float, a wide integer, and the value of
;; another global.
(module
  (@dylink.0 (mem-info))
  (import "env" "__table_base" (global $table_base i32))
  (global (export "real") f32 (f32.const 1))
  (global (export "wide") i64 (i64.const 1))
  (global (export "slot") i32 (global.get $table_base)))

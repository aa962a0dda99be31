;; A function of libc++ tells by its namespace.
(module
  (@dylink.0 (mem-info))
  (import "env" "_ZNSt3__15mutex4lockEv" (func (param i32)))
  (import "env" "now" (func $now (result f64)))
  (export "again" (func $now)))

;; A variable of musl whose name begins like those of the convention for threads is an ordinary
;; symbol.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "GOT.mem" "__tls_locale" (global $locale (mut i32)))
  (func (export "test") (result i32) (i32.load (global.get $locale))))

;; Takes a variable of the library whose name begins as those of the convention for threads, but is musl's.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 0))
  (import "GOT.mem" "__tls_locale" (global $locale (mut i32)))
  (func (export "test") (result i32) (i32.load (global.get $locale))))

;; Has the variable at its second address.
(module
  (@dylink.0 (mem-info (memory 8 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (global (export "__tls_locale") i32 (i32.const 4))
  (data (global.get $base) "\00\00\00\00\2a\00\00\00"))

;; Imports what only code that catches imports.
(module
  (@dylink.0 (mem-info))
  (import "env" "__cxa_find_matching_catch_2" (func (result i32))))

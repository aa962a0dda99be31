;; A table of functions, but one whose slots are numbers of 64 bits.
(module
  (@dylink.0 (mem-info))
  (table (export "__indirect_function_table") i64 1 funcref))

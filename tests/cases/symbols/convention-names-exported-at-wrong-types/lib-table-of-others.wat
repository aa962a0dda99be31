;; A table, but of references to the host's values.
(module
  (@dylink.0 (mem-info))
  (table (export "__indirect_function_table") 1 externref))

;; Claims nearly all of the memory that there can be.
(module (@dylink.0 (mem-info (memory 4294967295 0))))

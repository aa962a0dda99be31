;; Claims more slots than an engine gives.
(module (@dylink.0 (mem-info (table 4294967295 0))))

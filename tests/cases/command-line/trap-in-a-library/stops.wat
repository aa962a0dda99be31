;; Traps at once.
(module
  (@dylink.0 (mem-info))
  (func $_ZN3lib6middleEi (export "_ZN3lib6middleEi") (param i32) (result i32)
    (unreachable)))

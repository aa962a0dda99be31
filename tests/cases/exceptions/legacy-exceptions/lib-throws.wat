;; Defines the tags, and passes on by `delegate` what its callee throws.
(module
  (@dylink.0 (mem-info))
  (tag $oops (export "oops") (param i32))
  (tag $other (export "other"))
  (func $throw (param i32)
    (if (i32.eqz (local.get 0)) (then (throw $other)))
    (throw $oops (local.get 0)))
  (func (export "throw") (param i32)
    ;; What is inside is none of the inner handler's business.
    try
      try
        local.get 0
        call $throw
      delegate 1
    catch_all
      unreachable
    end))

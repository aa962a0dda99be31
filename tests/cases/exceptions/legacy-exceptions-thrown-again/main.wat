;; In a handler nested in another, either of the two exceptions can be rethrown: each is kept in its
;; own local.
(module
  (tag $number (param i32))
  (func $caught (param $outer i32) (result i32)
    try (result i32)
      try (result i32)
        (throw $number (i32.const 40))
      catch $number
        drop
        try (result i32)
          (throw $number (i32.const 2))
        catch $number
          drop
          local.get $outer
          if
            rethrow 2
          end
          rethrow 0
        end
      end
    catch $number
    end)
  (func (export "test") (result i32)
    (i32.add (call $caught (i32.const 1)) (call $caught (i32.const 0)))))

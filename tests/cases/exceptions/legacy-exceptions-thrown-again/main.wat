;; In a handler inside of another, either of the two exceptions is thrown again: each is kept in a place of its own.
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

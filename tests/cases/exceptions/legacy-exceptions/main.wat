;; The linker translates the legacy encoding of exceptions: handlers inside `try`, `rethrow` by the
;; label of a handler, and `delegate` past handlers.
(module
  (@dylink.0 (mem-info))
  (import "env" "oops" (tag $oops (param i32)))
  (import "env" "other" (tag $other))
  (import "env" "throw" (func $throw (param i32)))

  ;; Caught by its tag, or whatever it is.
  (func $catch (param i32) (result i32)
    try (result i32)
      local.get 0
      call $throw
      i32.const -1
    catch $oops
      ;; What was thrown is on the stack.
    catch $other
      i32.const -2
    end)

  ;; Caught twice, and in between thrown again from inside of another handler.
  (func $again (param i32) (result i32) (local $cleanups i32)
    try (result i32)
      try $first
        local.get 0
        call $throw
      catch_all
        local.get $cleanups
        i32.const 1
        i32.add
        local.set $cleanups
        try
          i32.const 0
          call $throw
        catch $other
          rethrow $first
        end
      end
      i32.const -1
    catch $oops
      local.get $cleanups
      i32.add
    end)

  (func (export "test") (result i32)
    (i32.add
      (i32.add (call $catch (i32.const 20)) (call $catch (i32.const 0)))
      (call $again (i32.const 23)))))

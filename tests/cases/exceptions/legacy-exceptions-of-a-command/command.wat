;; A module that is not linked to any other. What is thrown by `$throw` passes one handler by `delegate`, is caught
;; by the next one, and thrown again.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (tag $status (param i32))
  (func $throw (throw $status (i32.const 42)))
  (func (export "_start")
    try $outer (result i32)
      try $again (result i32)
        try
          try
            call $throw
          delegate $again
        catch_all
        end
        i32.const 1
      catch_all
        rethrow $again
      end
    catch $status
    end
    call $exit))

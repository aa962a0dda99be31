;; A function may use both encodings of exceptions: labels of standard instructions still lead to
;; the right blocks among those that the translation adds.
(module
  (@dylink.0 (mem-info))
  (tag $one (param i32))
  (tag $two (param i32))
  (func $throws (param i32)
    (if (local.get 0) (then (throw $one (i32.const 40))) (else (throw $two (i32.const 2)))))
  (func $both (param i32) (result i32)
    block $caught (result i32)
      try $outer (result i32)
        block $all
          try
            try_table (catch $two $caught) (catch_all $all)
              try
                local.get 0
                call $throws
              delegate 0
            end
          catch $one
            drop
          end
        end
        ;; By `catch_all`, which does not tell what it was.
        i32.const 40
      catch_all
        i32.const 1000
      end
    end)
  (func (export "test") (result i32)
    (i32.add (call $both (i32.const 1)) (call $both (i32.const 0)))))

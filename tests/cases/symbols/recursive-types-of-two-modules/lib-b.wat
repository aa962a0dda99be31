(module
  (@dylink.0 (mem-info))
  (rec
    (type $even (struct (field $odd (ref null $odd))))
    (type $odd (struct (field $even (ref null $even)))))
  (type $length (func (param (ref null $even)) (result i32)))
  (func $length (type $length)
    (if (result i32) (ref.is_null (local.get 0))
      (then (i32.const 0))
      (else
        (if (result i32) (ref.is_null (struct.get $even $odd (local.get 0)))
          (then (i32.const 1))
          (else (i32.const 2))))))
  (func (export "length_of_two") (result i32)
    (call $length (struct.new $even (struct.new $odd (ref.null $even))))))

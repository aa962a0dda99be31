(module
  (func $_ZN4calc6divide17h0123456789abcdefE (export "divide") (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1))))

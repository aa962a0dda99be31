;; Has types that need each other, which come first.
(module
  (@dylink.0 (mem-info))
  (rec (type $list (struct (field $length i32) (field (ref null $list)))))
  (func (export "length") (result i32)
    (struct.get $list $length (struct.new $list (i32.const 1) (ref.null $list)))))

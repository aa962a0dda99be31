(module
  (@dylink.0 (mem-info))
  (tag (export "single") (param i32))
  (tag (export "pair") (param i32 i32))
  (tag (export "right") (param i64))
  (func (export "function")))

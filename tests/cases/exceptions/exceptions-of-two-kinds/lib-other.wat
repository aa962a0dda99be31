(module
  (@dylink.0 (mem-info))
  (import "env" "__cpp_exception" (tag $exception (param i32)))
  (func (export "other") (block $caught (result i32)
    (try_table (catch $exception $caught)) (i32.const 0)) (drop)))

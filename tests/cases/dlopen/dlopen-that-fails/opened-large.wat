(module
  (@dylink.0 (mem-info (memory 4294967000 4) (table 3 0)))
  (func (export "bad") (result i32) (i32.const 1)))

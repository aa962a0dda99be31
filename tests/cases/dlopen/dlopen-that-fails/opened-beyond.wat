(module
  (@dylink.0 (mem-info (memory 16 4) (table 4294967000 0)))
  (func (export "bad") (result i32) (i32.const 1)))

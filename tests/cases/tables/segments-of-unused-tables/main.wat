;; Active segments are dropped when the program begins, even if nothing uses their table or memory,
;; which a fused program then lacks. Each remains a segment of its type.
(module
  (@dylink.0 (mem-info (table 1 0)))
  (type $number (func (result i32)))
  (import "env" "__indirect_function_table" (table $shared 1 funcref))
  (import "env" "__table_base" (global $table_base i32))
  (table $used 1 (ref null $number))
  (table $unused 1 funcref)
  (elem $in_unused (table $unused) (i32.const 0) func $one)
  (elem $in_shared (table $shared) (global.get $table_base) (ref null $number) (ref.func $one))
  (func $one (result i32) (i32.const 1))
  (func (export "test") (result i32)
    (elem.drop $in_unused)
    (table.init $used $in_shared (i32.const 0) (i32.const 0) (i32.const 0))
    (if (ref.is_null (table.get $used (i32.const 0))) (then (return (i32.const 42))))
    (i32.const 1)))

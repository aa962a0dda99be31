;; Changes its table, but not while it is constructed: what else the table would hold is nevertheless lost.
(module
  (table $own 2 funcref)
  (global $last (mut funcref) (ref.null func))
  (global $started (mut i32) (i32.const 0))
  (elem declare func $replace)
  (func $replace (export "replace") (table.set $own (i32.const 0) (ref.func $replace)))
  (func $grow (export "grow") (result i32) (table.grow $own (ref.null func) (i32.const 1)))
  (func (export "remember") (global.set $last (ref.func $replace)))
  (func (export "_initialize") (global.set $started (i32.const 1))))

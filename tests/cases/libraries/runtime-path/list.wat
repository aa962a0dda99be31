(module
  (@dylink.0 (mem-info) (needed "libchain.wat") (runtime-path "$ORIGIN/nowhere:${ORIGIN}/lib/."))
  (import "env" "chain" (func $chain (result i32)))
  (func (export "top") (result i32) (call $chain)))

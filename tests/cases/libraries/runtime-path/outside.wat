(module
  (@dylink.0 (mem-info) (needed "libdep.wat")
    (runtime-path "$ORIGIN/../lib" "$ORIGIN/lib/../../lib" "/lib" "lib" "$ORIGINAL/lib" "$ORIGIN/lib\\..\\lib"))
  (import "env" "dep" (func $dep (result i32)))
  (func (export "top") (result i32) (call $dep)))

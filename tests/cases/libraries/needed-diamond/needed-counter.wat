;; What both sides share.
(module
  (@dylink.0 (mem-info (memory 4 2)))
  (import "env" "memory" (memory 0))
  (import "env" "__memory_base" (global $base i32))
  (func (export "count") (result i32) (i32.load (global.get $base)))
  (func $add (export "add") (param $more i32)
    (i32.store (global.get $base)
      (i32.add (i32.load (global.get $base)) (local.get $more))))
  (func (export "__wasm_call_ctors") (call $add (i32.const 100))))

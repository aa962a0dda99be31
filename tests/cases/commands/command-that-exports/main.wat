(module
  (@dylink.0 (mem-info))
  (global $ready (mut i32) (i32.const 0))
  (func (export "__wasm_call_ctors") (global.set $ready (i32.const 42)))
  (func (export "get") (result i32) (global.get $ready))
  (func (export "set") (param i32) (global.set $ready (local.get 0)))
  (func (export "check") (if (i32.ne (global.get $ready) (i32.const 42)) (then unreachable)))
  (func (export "main") (param i32 i32) (result i32)
    (i32.sub (global.get $ready) (i32.const 42))))

;; Names that look alike: none of them is what was meant.
(module
  (@dylink.0 (mem-info))
  (func (export "emscripten_asm_const") (param i32 i32 i32) (result i32) (i32.const 0))
  (func (export "pthread_equal") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "invoke_vii") (param i32 i32))
  (func (export "__cxa_can_catch") (param i32) (result i32) (i32.const 0)))

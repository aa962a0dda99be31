(module
  (@dylink.0 (mem-info))
  (func $"f\e2\80\ae\1b[2J\0aerror: forged\c2\9b" unreachable)
  (func (export "x\e2\80\ae\1b[2J\0aerror: forged\c2\9b"))
  (func $"test\e2\80\ae\1b[2J\0aerror: forged\c2\9b" (export "test") (result i32) (call $"f\e2\80\ae\1b[2J\0aerror: forged\c2\9b") (i32.const 42)))
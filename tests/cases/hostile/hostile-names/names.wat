(module
  (@dylink.0 (mem-info) (needed "\e2\80\ae\1b[2J\0aerror: forged\c2\9b") (export-info "\e2\80\ae\1b[2J\0aerror: forged\c2\9b" 1) (import-info "\e2\80\ae\1b[2J\0aerror: forged\c2\9b" "\e2\80\ae\1b[2J\0aerror: forged\c2\9b" 1))
  (import "\e2\80\ae\1b[2J\0aerror: forged\c2\9b" "f\e2\80\ae\1b[2J\0aerror: forged\c2\9b" (func))
  (import "env" "g\e2\80\ae\1b[2J\0aerror: forged\c2\9b" (func))
  (import "GOT.func" "h\e2\80\ae\1b[2J\0aerror: forged\c2\9b" (global (mut i32)))
  (func $"\e2\80\ae\1b[2J\0aerror: forged\c2\9b" (export "x\e2\80\ae\1b[2J\0aerror: forged\c2\9b"))
  (func (export "test") (result i32) (i32.const 42)))
(module
  (@dylink.0 (mem-info))
  (import "env" "malloc" (func (param i32) (result i32)))
  (import "env" "pthread_create" (func (param i32 i32 i32 i32) (result i32)))
  (import "env" "_ZNSt3__26localeD1Ev" (func (param i32) (result i32)))
  (import "env" "saveSetjmp" (func (param i32 i32 i32 i32) (result i32)))
  (import "GOT.mem" "stderr" (global (mut i32)))
  (import "wasi_snapshot_preview1" "no_such" (func))
  (func (export "test")))

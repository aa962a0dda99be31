(module
  (@dylink.0 (mem-info))
  (import "env" "work" (func $work))
  (import "env" "leave" (func $leave))
  (func (export "_start") (call $work) (call $leave)))

;; There is no constructor to call. So what the modules become has the start function too; unless it is a command, which
;; begins with it.
(module
  (@dylink.0 (mem-info))
  (import "env" "count" (func $count (result i32)))
  (func (export "test") (result i32) (call $count)))

;; Never frees.
(module
  (@dylink.0 (mem-info))
  (import "env" "memory" (memory 1))
  (import "GOT.mem" "__heap_base" (global $heap_base (mut i32)))
  (import "GOT.mem" "__heap_end" (global $heap_end (mut i32)))
  (global $next (mut i32) (i32.const 0))
  (start $start)
  (func $start (global.set $next (global.get $heap_base)))
  (func (export "allocate") (param $size i32) (result i32)
    (if (i32.gt_u (i32.add (global.get $next) (local.get $size)) (global.get $heap_end))
      (then (unreachable)))
    (global.get $next)
    (global.set $next (i32.add (global.get $next) (local.get $size)))))

;; Functions by which Emscripten's output notifies JavaScript do nothing here. A program with its
;; own memory imports them too.
(module
    (import "env" "emscripten_notify_memory_growth" (func $notify (param i32)))
    (import "env" "segfault" (func $segfault))
    (memory (export "memory") 1 2)
    (func (export "test") (result i32)
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then (call $segfault)))
        (call $notify (i32.const 0))
        (i32.const 42)))

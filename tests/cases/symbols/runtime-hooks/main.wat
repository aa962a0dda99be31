;; What Emscripten's output tells JavaScript is told nobody here. A program with a memory of its own does so too.
(module
    (import "env" "emscripten_notify_memory_growth" (func $notify (param i32)))
    (import "env" "segfault" (func $segfault))
    (memory (export "memory") 1 2)
    (func (export "test") (result i32)
        (if (i32.ne (memory.grow (i32.const 1)) (i32.const 1)) (then (call $segfault)))
        (call $notify (i32.const 0))
        (i32.const 42)))

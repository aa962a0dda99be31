;; `emcc -O2 -o minified.js`.
(module (import "a" "b" (func (param i32))) (func (export "test")))

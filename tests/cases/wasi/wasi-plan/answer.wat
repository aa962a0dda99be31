(module
  (@dylink.0 (mem-info))
  (@producers (processed-by "clang" "20.1.2 (https://github.com/ziglang/zig-bootstrap 1234)"))
  (func (export "answer") (result i32) i32.const 42))

(module
  (@dylink.0 (mem-info))
  (@producers (processed-by "clang" "99.0.0git (https://github.com/llvm/llvm-project)"))
  (import "env" "_ZNSt3__27of_99_0Ev" (func))
  (import "env" "__of_99_0" (func))
  (import "env" "of_the_program" (func))
  (import "env" "time" (func (param i32) (result f64)))
  (func (export "test") (result i32) i32.const 42))

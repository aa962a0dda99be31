;; Calls the library when it is constructed.
(module
  (@dylink.0 (mem-info))
  (import "env" "_ZN3lib6middleEi" (func $_ZN3lib6middleEi (param i32) (result i32)))
  (func $_GLOBAL__sub_I_constructor_cpp
    (drop (call $_ZN3lib6middleEi (i32.const 0))))
  (func $__wasm_call_ctors (export "__wasm_call_ctors") (call $_GLOBAL__sub_I_constructor_cpp)))

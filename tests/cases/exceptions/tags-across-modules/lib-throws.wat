;; Defines the tag and throws, as newer Emscripten's C++ exceptions do with `__cpp_exception`.
(module
  (@dylink.0 (mem-info))
  (tag $oops (export "oops") (param i32))
  (func (export "throw") (param i32) (throw $oops (local.get 0))))

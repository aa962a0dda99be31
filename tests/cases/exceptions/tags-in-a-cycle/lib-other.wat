(module
  (@dylink.0 (mem-info))
  (import "env" "of_main" (tag $tag))
  (tag (export "of_library"))
  (func (export "throw") (throw $tag)))

;; Two modules import tags of each other, so neither can be instantiated first: an error.
(module
  (@dylink.0 (mem-info))
  (import "env" "of_library" (tag $tag))
  (tag (export "of_main"))
  (func (export "test") (result i32) (throw $tag)))

;; Each has a tag that the other imports: neither can be instantiated first.
(module
  (@dylink.0 (mem-info))
  (import "env" "of_library" (tag $tag))
  (tag (export "of_main"))
  (func (export "test") (result i32) (throw $tag)))

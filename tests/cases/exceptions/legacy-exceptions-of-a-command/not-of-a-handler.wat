(module
  (memory (export "memory") 1)
  (func (export "_start") block $block rethrow $block end))

(module
  (@custom "component-type:app" "not a world")
  (memory (export "memory") 1))

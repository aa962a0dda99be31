(module
  (@dylink.0 (mem-info))
  (memory 1 1 shared)
  (func (export "f")))

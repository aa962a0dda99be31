(module (memory (export "memory") 1 2) (func (export "f")))

(module (func (export "_start") try catch_all end))

(module (table (export "other_table") 1 funcref))

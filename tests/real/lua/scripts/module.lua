package.cpath = "/?.wasm"
local greet = require "greet"
print(greet.greet("Lua"), greet.opened, require "greet" == greet)
print(pcall(greet.greet, ""))
print(pcall(greet.greet))
local sum = 0
greet.times(10, function(i) sum = sum + i end)
print(sum, pcall(greet.times, 3, function(i) if i == 2 then error("in the second", 0) end end))
print((pcall(require, "missing")))

print(divide(7, 2), pcall(divide, 7, 0))
print(pcall(divide, "x", 1))
print(pcall(divide, math.mininteger, -1))
print(twice(function(x) return x * 2 end, 21))
print(pcall(twice, function() error("through Rust", 0) end, 1))
print(pcall(twice, function() return divide(1, 0) end))
local calls = 0
for i = 1, 1000 do
    if not pcall(twice, function() error(i) end) then calls = calls + 1 end
end
print(calls, "caught")

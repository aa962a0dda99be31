local function down(n) return 1 + down(n + 1) end
local ok, message = pcall(down, 1)
print(ok, message:match("stack overflow") )
local text = string.rep("(", 300) .. "1" .. string.rep(")", 300)
print((select(2, load("return " .. text)):match("overflow")))
print(pcall(string.format, "%d", 1.5))
local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end})
print((select(2, pcall(function() return t[1] end)):match("C stack overflow")))

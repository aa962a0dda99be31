local freed = 0
for i = 1, 1000 do setmetatable({}, {__gc = function() freed = freed + 1 end}) end
collectgarbage()
collectgarbage()
print(freed, collectgarbage("count") < 1000)
local t = {}
for i = 1, 20000 do t[i] = tostring((i * 7919) % 20011) end
table.sort(t)
print(t[1], t[10000], t[20000])
print(pcall(table.sort, {3, 1, 2, 5, 4}, function() error("in the order", 0) end))

local Stack = {}
Stack.__index = Stack
Stack.__len = function(self) return self.n end
Stack.__tostring = function(self) return "stack of " .. self.n end
Stack.__close = function(self) print("closed", self) end
function Stack.new() return setmetatable({n = 0}, Stack) end
function Stack:push(x) self.n = self.n + 1; self[self.n] = x end
print(pcall(function()
    local stack <close> = Stack.new()
    stack:push("x")
    print(#stack, stack)
    error("while it is open", 0)
end))

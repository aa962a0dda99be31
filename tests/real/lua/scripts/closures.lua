local function counter()
    local n = 0
    return function() n = n + 1; return n end
end
local a, b = counter(), counter()
print(a(), a(), b())
local primes, sieve = {}, {}
for i = 2, 60 do
    if not sieve[i] then
        primes[#primes + 1] = i
        for j = i * i, 60, i do sieve[j] = true end
    end
end
print(table.concat(primes, " "))

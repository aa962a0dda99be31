// Algorithms and containers of the C++ library, instantiated in the program and on libc's allocator.

#include "bench.h"

#include <algorithm>
#include <map>
#include <vector>

BENCH sort_integers(uint32_t count) {
    static std::vector<uint32_t> original;
    if (original.empty()) {
        uint64_t state = 1;
        original.resize(count);
        for (uint32_t& number : original) number = next_random(&state);
    }
    std::vector<uint32_t> numbers = original;
    std::sort(numbers.begin(), numbers.end());
    return hash_bytes(0, numbers.data(), count * 4, 61);
}

BENCH insert_into_map(uint32_t count) {
    std::map<uint32_t, uint32_t> map;
    uint64_t state = 1;
    for (uint32_t i = 0; i < count; i++) map[next_random(&state)] += i;
    uint32_t result = uint32_t(map.size());
    for (const auto& [key, value] : map) result = result * 31 + key + value;
    return result;
}

// What the catalogue in Rust has C++ do.
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <vector>

static uint64_t sum(const std::vector<uint32_t>& prices) {
    if (prices.size() > 1000) {
        throw std::length_error("too many prices");
    }
    return std::accumulate(prices.begin(), prices.end(), uint64_t(0));
}

extern "C" __attribute__((used, visibility("default"))) uint64_t cpp_sum(const uint32_t* prices, size_t count) {
    try {
        return sum(std::vector<uint32_t>(prices, prices + count));
    } catch (const std::length_error&) {
        return UINT64_MAX;
    }
}

// The C++ half of the calls between languages; calls.rs is the other.

#include "bench.h"

extern "C" uint32_t rust_add(uint32_t left, uint32_t right);
extern "C" uint32_t rust_fold(uint32_t count, uint32_t (*add)(uint32_t, uint32_t));

BENCH call_rust(uint32_t count) {
    uint32_t sum = 0;
    for (uint32_t number = 0; number < count; number++) sum = rust_add(sum, number);
    return sum;
}

static uint32_t add(uint32_t left, uint32_t right) { return left + right; }

BENCH call_back(uint32_t count) { return rust_fold(count, add); }

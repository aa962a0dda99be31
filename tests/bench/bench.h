// What every function has that is measured: it takes how much to do, and returns what came of it, so that two
// builds can be compared.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
#define BENCH extern "C" __attribute__((visibility("default"))) uint32_t
#else
#define BENCH __attribute__((visibility("default"))) uint32_t
#endif

// Numbers that look random and are the same everywhere (Knuth's MMIX).
static inline uint32_t next_random(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 32);
}

// Adds some bytes to a hash (FNV-1a).
static inline uint32_t hash_bytes(uint32_t hash, const void *bytes, uint32_t size, uint32_t step) {
    for (uint32_t i = 0; i < size; i += step) {
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * 16777619u;
    }
    return hash;
}

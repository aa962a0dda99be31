// 64-bit integers in arguments, results and through pointers. Without `-sWASM_BIGINT` Emscripten splits
// each into two of 32 bits at the module's border, for the sake of JavaScript.
#include <emscripten/em_macros.h>
#include <stdint.h>

EMSCRIPTEN_KEEPALIVE int64_t nanoseconds(int32_t seconds, int64_t rest) {
    return seconds * INT64_C(1000000000) + rest;
}

EMSCRIPTEN_KEEPALIVE uint64_t through(uint64_t (*function)(uint64_t), uint64_t x) {
    return function(x);
}

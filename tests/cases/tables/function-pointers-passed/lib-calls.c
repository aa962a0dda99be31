#include "passed.h"
#include <emscripten/em_macros.h>
#include <stdlib.h>

EMSCRIPTEN_KEEPALIVE integer_function *call_and_return(integer_function *function) {
    function(1);
    return function;
}

EMSCRIPTEN_KEEPALIVE float call_with_float(float_function *function) {
    return function(56.5f);
}

EMSCRIPTEN_KEEPALIVE int64_t call_with_wide(wide_function *function) {
    return function(0x123456789abcdef0);
}

EMSCRIPTEN_KEEPALIVE int32_t first_of_three(int32_t a, int32_t b, int32_t c) {
    return b == c ? a : 0;
}

EMSCRIPTEN_KEEPALIVE int64_t last_of_three(int32_t a, int32_t b, int32_t c) {
    return a == b ? c : 0;
}

EMSCRIPTEN_KEEPALIVE int (*address_of_abs(void))(int) {
    return abs;
}

// Takes the address of the same function, and of one that main defines.
#include <emscripten/em_macros.h>

extern "C" {

using function = int(int);

function increment, decrement;

EMSCRIPTEN_KEEPALIVE function *increment_of_b() {
    return increment;
}

EMSCRIPTEN_KEEPALIVE function *decrement_of_b() {
    return decrement;
}

EMSCRIPTEN_KEEPALIVE bool are_same(function *a, function *b) {
    return a == b;
}
}

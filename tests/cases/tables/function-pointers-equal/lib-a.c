// Defines a function, and takes its address in code and in data.
#include <emscripten/em_macros.h>

typedef int function(int);

EMSCRIPTEN_KEEPALIVE int increment(int x) {
    return x + 1;
}

EMSCRIPTEN_KEEPALIVE function *increment_in_data = increment;

EMSCRIPTEN_KEEPALIVE function *increment_of_a(void) {
    return increment;
}

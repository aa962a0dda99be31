// Defines what the library in Rust needs.
#include <emscripten/em_macros.h>

extern "C" {

EMSCRIPTEN_KEEPALIVE int cpp_limit = 100;

EMSCRIPTEN_KEEPALIVE int cpp_double(int x) {
    return 2 * x;
}
}

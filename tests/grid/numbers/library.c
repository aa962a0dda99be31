// Adds.
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int library_add(int a, int b) {
    return a + b;
}

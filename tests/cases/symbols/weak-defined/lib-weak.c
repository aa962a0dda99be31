// Defines a function and data weakly. Weak means that another definition may come first; with none, these
// are as good as any, and their addresses are not null.
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE __attribute__((weak)) int limit = 20;

EMSCRIPTEN_KEEPALIVE __attribute__((weak)) int scale(int x) {
    return 2 * x;
}

EMSCRIPTEN_KEEPALIVE int scaled_limit(void) {
    return scale(limit);
}

#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int number = 6;

__attribute__((constructor)) static void begin(void) {
    number++;
}

EMSCRIPTEN_KEEPALIVE int next(void) {
    return ++number;
}

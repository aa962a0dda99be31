// Flags: -sSTACK_OVERFLOW_CHECK=2 -sSTANDALONE_WASM=0
// Calls a function of JavaScript where the stack overflows.
#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE int checked(int depth) {
    volatile char here[64];
    here[0] = 1;
    return depth ? checked(depth - 1) + here[0] : 0;
}

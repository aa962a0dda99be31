// A module re-exports a function of libc: libc must still be linked.
#include <emscripten/em_macros.h>
#include <stdlib.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    return malloc(8) ? 42 : 1;
}

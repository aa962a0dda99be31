// Needs a function of libc that another module passes on: libc must join all the same.
#include <emscripten/em_macros.h>
#include <stdlib.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    return malloc(8) ? 42 : 1;
}

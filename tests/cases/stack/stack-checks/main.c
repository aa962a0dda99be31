// Flags: -sASSERTIONS=2
// Emscripten's stack checks know the bounds of the stack in each module, and pass.
#include <emscripten/em_macros.h>

int checked(int depth);

EMSCRIPTEN_KEEPALIVE int test(void) {
    volatile char here[1000];
    here[0] = 2;
    return checked(40) + here[0];
}

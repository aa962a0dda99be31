// Flags: -sASSERTIONS=2
// The checks know where the stack is, in whichever module they are, and find that it suffices.
#include <emscripten/em_macros.h>

int checked(int depth);

EMSCRIPTEN_KEEPALIVE int test(void) {
    volatile char here[1000];
    here[0] = 2;
    return checked(40) + here[0];
}

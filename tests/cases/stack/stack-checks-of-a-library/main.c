// A library checks the stack that it shares with the program, which does not, and finds that a
// recursion has overflowed it.
#include <emscripten/em_macros.h>
#include <stdio.h>

int descend(int depth);

EMSCRIPTEN_KEEPALIVE int test(void) {
    printf("%d\n", descend(10));
    fflush(stdout);
    return descend(1000);
}

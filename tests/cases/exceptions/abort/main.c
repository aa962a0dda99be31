// Aborts in a library: the whole lines that were printed are there, nothing that was registered for the end
// runs, and the backtrace says who it was.
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>

void insist(int condition);

static void never(void) {
    puts("registered");
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    atexit(never);
    puts("a line");
    insist(1);
    puts("another line");
    insist(0);
    return 42;
}

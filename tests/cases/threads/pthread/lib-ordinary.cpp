// Compiled without threads: its thread-local variables are ordinary data.
#include <emscripten/em_macros.h>

extern thread_local int of_main;
EMSCRIPTEN_KEEPALIVE thread_local int of_ordinary = 7;

EMSCRIPTEN_KEEPALIVE int *address_of_ordinary() {
    return &of_ordinary;
}

EMSCRIPTEN_KEEPALIVE int seen_by_ordinary() {
    return of_main;
}

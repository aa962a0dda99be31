#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>

static void later(void) {
    puts("- first: registered last");
}

EMSCRIPTEN_KEEPALIVE void visible(void) {
    puts("- first: registered first");
    // Handlers may register others.
    atexit(later);
}

__attribute__((destructor)) static void end(void) {
    puts("- first: destructor");
}

EMSCRIPTEN_KEEPALIVE void go(void) {
    atexit(visible);
}

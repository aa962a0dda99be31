#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>

static void later(void) {
    puts("- second: registered last");
}

EMSCRIPTEN_KEEPALIVE void visible(void) {
    puts("- second: registered first");
    // Handlers may register others.
    atexit(later);
}

__attribute__((destructor)) static void end(void) {
    puts("- second: destructor");
}

EMSCRIPTEN_KEEPALIVE void go(void) {
    atexit(visible);
}

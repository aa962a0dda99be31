#include <emscripten/em_macros.h>
#include <stdio.h>

__attribute__((constructor)) static void begin(void) {
    puts("+ plugin");
}

__attribute__((destructor)) static void end(void) {
    puts("- plugin");
}

EMSCRIPTEN_KEEPALIVE int answer(void) {
    return 42;
}

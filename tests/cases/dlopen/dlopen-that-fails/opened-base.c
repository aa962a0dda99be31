#include <emscripten/em_macros.h>
#include <stdio.h>

__attribute__((constructor)) static void begin(void) {
    puts("  + base");
}

__attribute__((destructor)) static void end(void) {
    puts("  - base");
}

EMSCRIPTEN_KEEPALIVE void base(void) {
    puts("  base is used");
}

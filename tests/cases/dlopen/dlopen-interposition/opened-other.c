#include <emscripten/em_macros.h>
#include <stdio.h>

__attribute__((destructor)) static void end(void) {
    puts("- other");
}

EMSCRIPTEN_KEEPALIVE const char *of_all(void) {
    return "the other's";
}

EMSCRIPTEN_KEEPALIVE const char *of_libraries(void) {
    return "the other's";
}

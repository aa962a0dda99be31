#include <emscripten/em_macros.h>

EMSCRIPTEN_KEEPALIVE __attribute__((weak)) const char *of_all(void) {
    return "its own";
}

EMSCRIPTEN_KEEPALIVE __attribute__((weak)) const char *of_libraries(void) {
    return "its own";
}

static const char *private(void) {
    return "its own";
}

EMSCRIPTEN_KEEPALIVE const char *ask(int which) {
    return which == 0 ? of_all() : which == 1 ? of_libraries() : private();
}

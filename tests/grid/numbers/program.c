// Calls the library.
#include <emscripten/em_macros.h>

int library_add(int, int);

EMSCRIPTEN_KEEPALIVE int test(void) {
    return library_add(-1, 43);
}

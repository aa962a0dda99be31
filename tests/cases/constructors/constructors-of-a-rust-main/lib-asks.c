// Calls the main, which has called it.
#include <emscripten/em_macros.h>

int constructed(int more);

EMSCRIPTEN_KEEPALIVE int ask_twice(void) {
    return constructed(0) + constructed(40);
}

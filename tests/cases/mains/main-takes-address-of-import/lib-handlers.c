// Registers functions, its own among them, and finds them again by their address.
#include <emscripten/em_macros.h>
#include <stdbool.h>

typedef int handler(int);

static handler *registered[4];
static int count;

EMSCRIPTEN_KEEPALIVE int twice(int x) {
    return 2 * x;
}

EMSCRIPTEN_KEEPALIVE void add_handler(handler *handler) {
    registered[count++] = handler;
}

EMSCRIPTEN_KEEPALIVE bool has_handler(handler *handler) {
    for (int i = 0; i < count; i++) {
        if (registered[i] == handler) {
            return true;
        }
    }
    return false;
}

EMSCRIPTEN_KEEPALIVE bool has_twice(void) {
    return has_handler(twice);
}

EMSCRIPTEN_KEEPALIVE void add_twice(void) {
    add_handler(twice);
}

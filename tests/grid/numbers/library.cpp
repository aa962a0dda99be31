// Adds, if its constructor has run.
#include <emscripten/em_macros.h>

static struct Constructed {
    volatile int value;
    Constructed() : value(1) {}
} constructed;

extern "C" EMSCRIPTEN_KEEPALIVE int library_add(int a, int b) {
    return constructed.value * (a + b);
}

// Calls the library with what a constructor has left.
#include <emscripten/em_macros.h>

extern "C" int library_add(int, int);

static struct Constructed {
    volatile int value;
    Constructed() : value(-1) {}
} constructed;

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    return library_add(constructed.value, 43);
}

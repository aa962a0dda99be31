// A static variable or function of a module stays private to it, even if others have the same name.
#include <emscripten/em_macros.h>

extern "C" int next_of_a(), next_of_b();

static int counter = 1;

static int next() {
    return ++counter;
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    if (next_of_a() != 21 || next_of_a() != 32) {
        return 1;
    }
    if (next_of_b() != 1501 || next_of_b() != 1502) {
        return 2;
    }
    if (next() != 2 || counter != 2) {
        return 3;
    }
    return 42;
}

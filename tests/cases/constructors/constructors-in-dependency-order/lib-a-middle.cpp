// Its constructor uses an object of lib-b-base, so that must exist, although it comes later in the order of
// names. It prints, so libc must be ready too.
#include <emscripten/em_macros.h>
#include <cstdio>

struct Base {
    int value;
};
extern Base base;

struct Middle {
    int value;
    Middle() : value(base.value + 1) {
        std::puts("middle");
    }
};
EMSCRIPTEN_KEEPALIVE Middle middle;

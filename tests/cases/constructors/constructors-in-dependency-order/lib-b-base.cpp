// Depends on nothing but libc.
#include <emscripten/em_macros.h>
#include <cstdio>

struct Base {
    int value;
    Base() : value(20) {
        std::puts("base");
    }
};
EMSCRIPTEN_KEEPALIVE Base base;

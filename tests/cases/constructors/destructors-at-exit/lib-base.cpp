// An object that others use in their destructors.
#include <emscripten/em_macros.h>
#include <cstdio>

struct Base {
    Base() {
        std::puts("+ base");
    }
    ~Base() {
        std::puts("- base");
    }
};

EMSCRIPTEN_KEEPALIVE void use_base() {
    static Base base;
}

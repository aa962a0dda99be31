#include <cstdio>
#include <emscripten/em_macros.h>

static struct Inner {
    Inner() {
        std::puts("+ inner");
    }
    ~Inner() {
        std::puts("- inner");
    }
} inner;

extern "C" EMSCRIPTEN_KEEPALIVE int value() {
    return 42;
}

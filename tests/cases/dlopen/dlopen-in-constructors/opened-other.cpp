#include <cstdio>
#include <emscripten/em_macros.h>

static struct Other {
    Other() {
        std::puts("+ other");
    }
    ~Other() {
        std::puts("- other");
    }
} other;

extern "C" EMSCRIPTEN_KEEPALIVE int value() {
    return 42;
}

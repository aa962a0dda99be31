// The constructors of three modules use each other's objects, and run in the order of dependencies.
// In command-line order the values would be wrong, without any error.
#include <emscripten/em_macros.h>
#include <cstdio>

struct Middle {
    int value;
};
extern Middle middle;

static const int top = (std::puts("main"), 2 * middle.value);

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    return top;
}

// Three modules whose constructors use each other's objects. In the order of the command line the values
// would be wrong, without any error.
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

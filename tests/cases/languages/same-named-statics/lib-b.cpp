// Has the same names in an anonymous namespace, and other values.
#include <emscripten/em_macros.h>

namespace {

int counter = 1000;

int next() {
    static int calls = 500;
    return ++calls + counter;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int next_of_b() {
    return next();
}

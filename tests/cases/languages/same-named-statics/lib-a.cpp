// Has a `counter` and a `next` that are nobody else's: static, so that no symbol names them.
#include <emscripten/em_macros.h>

static int counter = 10;

static int next() {
    static int calls = 0;
    return ++calls + counter;
}

extern "C" EMSCRIPTEN_KEEPALIVE int next_of_a() {
    counter += 10;
    return next();
}

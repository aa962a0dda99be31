// Flags: -fexceptions
// Code that calls `setjmp` and is compiled without exceptions ends them without a trace, by Emscripten's compiler: that
// is warned of.
#include <emscripten/em_macros.h>
#include <cstdio>

extern "C" int with_setjmp(int number);

EMSCRIPTEN_KEEPALIVE extern "C" void throws(int number) {
    throw number;
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    try {
        std::printf("it returned %d\n", with_setjmp(7));
    } catch (int number) {
        std::printf("caught %d\n", number);
    }
    return 42;
}

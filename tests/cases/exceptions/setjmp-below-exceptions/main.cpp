// Flags: -fexceptions
// Emscripten's compiler makes code that calls `setjmp` and is compiled without exceptions end
// exceptions silently. The linker warns of it.
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

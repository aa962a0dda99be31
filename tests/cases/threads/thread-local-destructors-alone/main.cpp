// A program in which nothing but a `thread_local` object has a destructor runs it too.
#include <emscripten/em_macros.h>
#include <cstdio>

struct Told {
    ~Told() {
        std::puts("- thread_local");
    }
};

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    static thread_local Told local;
    return 42;
}

// A destructor runs even if the only object in the program that has one is `thread_local`.
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

// Flags: -fexceptions
// A destructor that throws while something else is on its way ends the program.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>

namespace {

struct Careless {
    bool *destroyed;
    ~Careless() noexcept(false) {
        *destroyed = true;
        throw std::logic_error("in a destructor");
    }
};

__attribute__((noinline)) void careless(bool *destroyed, bool throws) {
    Careless careless{destroyed};
    if (throws) {
        throw std::runtime_error("on its way");
    }
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    bool destroyed = false;
    try {
        careless(&destroyed, false);
    } catch (const std::logic_error &error) {
        std::printf("caught, as nothing else was on its way: %s, %d\n", error.what(), destroyed);
    }
    try {
        careless(&destroyed, true);
    } catch (...) {
        std::puts("never caught");
    }
    return 42;
}

// Flags: -fexceptions
// `longjmp` is not an exception: it passes handlers, even `catch (...)`, and runs no destructors.
// Functions that use both keep them apart.
#include <emscripten/em_macros.h>
#include <csetjmp>
#include <cstdio>
#include <stdexcept>

namespace {

std::jmp_buf place;

__attribute__((noinline)) void leave(int how) {
    if (how == 1) {
        std::longjmp(place, 11);
    }
    if (how == 2) {
        throw std::runtime_error("thrown");
    }
    std::puts("nothing happens");
}

__attribute__((noinline)) void between(int how) {
    try {
        leave(how);
    } catch (const std::logic_error &) {
        std::puts("never caught");
    } catch (...) {
        std::puts("caught between, and thrown again");
        throw;
    }
}

// Catches, and is where `longjmp` leads.
int both(int how) {
    try {
        int value = setjmp(place);
        if (value) {
            return value;
        }
        between(how);
    } catch (const std::exception &error) {
        std::printf("%s\n", error.what());
        return 22;
    }
    return 0;
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    for (int how = 0; how < 3; how++) {
        std::printf("%d\n", both(how));
    }
    std::printf("%d %d\n", both(1), both(2));
    return 42;
}

// Flags: -fwasm-exceptions
// A panic of Rust's passes here, as an exception of another language: destructors run.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>

namespace {

struct Noisy {
    ~Noisy() { std::puts("what C++ has is destroyed"); }
};

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int call(int (*function)(int), int argument) {
    Noisy noisy;
    try {
        int result = function(argument);
        if (result > 1) {
            throw std::runtime_error("a large one");
        }
        return result;
    } catch (const std::exception &thrown) {
        std::printf("C++ caught: %s\n", thrown.what());
        return -1;
    }
}

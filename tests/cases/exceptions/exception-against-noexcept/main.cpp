// Flags: -fexceptions
// A `noexcept` function that throws ends the program through its own terminate handler. The handler
// can ask for the exception. Functions registered by `atexit` still run.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <cstdlib>
#include <cxxabi.h>
#include <exception>
#include <stdexcept>
#include <typeinfo>

namespace {

struct Noisy {
    ~Noisy() { std::puts("never destroyed"); }
};

__attribute__((noinline)) void promise(int n) noexcept {
    if (n > 0) {
        throw std::runtime_error("a broken promise");
    }
}

void handler() {
    try {
        throw;
    } catch (const std::exception &error) {
        const std::type_info *type = abi::__cxa_current_exception_type();
        bool is_error = *type == typeid(std::runtime_error);
        std::printf("terminate: %s, a runtime_error: %d\n", error.what(), is_error);
    }
    std::exit(3);
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::atexit([] { std::puts("the end"); });
    std::set_terminate(handler);
    promise(0);
    try {
        Noisy *noisy = new Noisy;
        promise(1);
        delete noisy;
    } catch (...) {
        std::puts("never caught");
    }
    return 42;
}

// Flags: -fexceptions
// After ten thousand exceptions of each kind, memory is as large as after the first ten.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

void throws(int number);

namespace {

int passes(int number) {
    std::string text(1000, 'x');
    throws(number);
    return static_cast<int>(text.size());
}

int round(int number) {
    std::exception_ptr kept;
    try {
        try {
            passes(number);
        } catch (const std::runtime_error &) {
            kept = std::current_exception();
            throw;
        }
    } catch (...) {
        try {
            std::rethrow_exception(kept);
        } catch (const std::exception &error) {
            return std::stoi(error.what());
        }
    }
    return -1;
}

std::size_t pages() {
    return __builtin_wasm_memory_size(0);
}

} // namespace

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    for (int i = 0; i < 10; i++) {
        round(i);
    }
    std::size_t before = pages();
    int right = 0;
    for (int i = 0; i < 10000; i++) {
        right += round(i) == i;
    }
    std::printf("%d right, %zu pages more, %d on their way\n", right, pages() - before,
                std::uncaught_exceptions());
    return 42;
}

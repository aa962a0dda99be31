// Flags: -fexceptions
// Throws in one function and catches in another, with Rust between them.
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>
#include <string>

extern "C" EMSCRIPTEN_KEEPALIVE int throws(int n) {
    if (n > 0) {
        throw std::out_of_range("thrown through Rust: " + std::to_string(n));
    }
    return n;
}

extern "C" EMSCRIPTEN_KEEPALIVE int protects(int (*function)(int), int n) {
    try {
        return function(n);
    } catch (const std::exception &error) {
        std::puts(error.what());
        return -n;
    }
}

extern "C" EMSCRIPTEN_KEEPALIVE void note(int line) {
    std::printf("noted: %d\n", line);
}

// Flags: -fexceptions
// If a library's constructor throws, the program does not see it and goes on without the library.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <cstdio>
#include <stdexcept>

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    for (int i = 0; i < 3; i++) {
        try {
            std::puts(dlopen("opened-plugin.wasm", RTLD_NOW) ? "opened" : dlerror());
        } catch (...) {
            std::puts("it came out of dlopen");
        }
    }
    try {
        throw std::runtime_error("still throws and catches");
    } catch (const std::exception &error) {
        std::puts(error.what());
    }
    return 42;
}

// A C++ program without exceptions cannot open a library with them: that takes two C++ libraries.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <cstdio>
#include <string>

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::string name = "opened-plugin.wasm";
    if (dlopen(name.c_str(), RTLD_NOW)) {
        return 1;
    }
    std::puts(dlerror());
    return 42;
}

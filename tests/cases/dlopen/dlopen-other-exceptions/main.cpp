// A program whose C++ does not catch cannot open a library that does: there would be two libraries of C++ in it.
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

// The program uses libc++ without its streams. What it opens may use them, and they have their
// symbols in the program and in libc++.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <cstdio>
#include <string>

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::string name = "opened-";
    name += "prints.wasm";
    void *library = dlopen(name.c_str(), RTLD_NOW);
    if (!library) {
        std::puts(dlerror());
        return 1;
    }
    std::puts("before");
    reinterpret_cast<void (*)()>(dlsym(library, "prints"))();
    std::puts("after");
    void *stream = reinterpret_cast<void *(*)()>(dlsym(library, "stream"))();
    void *libcxx = dlopen("libc++.so", RTLD_NOW);
    bool same = dlsym(RTLD_DEFAULT, "_ZNSt3__24coutE") == stream &&
                dlsym(libcxx, "_ZNSt3__24coutE") == stream && dlsym(libcxx, "__cxa_demangle");
    return same ? 42 : 1;
}

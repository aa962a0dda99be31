// A program opens a library that was not named when it was linked, and uses a function and a
// variable of it. The library uses symbols of the program.
#include <cstdio>
#include <dlfcn.h>
#include <emscripten/em_macros.h>

extern "C" EMSCRIPTEN_KEEPALIVE int step(int x) {
    return x + 1;
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    void *library = dlopen("opened-greeter.wasm", RTLD_NOW);
    if (!library) {
        std::puts(dlerror());
        return 1;
    }
    auto greet = reinterpret_cast<int (*)(const char *)>(dlsym(library, "greet"));
    auto greeted = static_cast<int *>(dlsym(library, "greeted"));
    if (!greet || !greeted) {
        std::puts(dlerror());
        return 1;
    }
    greet("world");
    int length = greet("moon");
    std::printf("%d greeted, %d letters\n", *greeted, length);
    if (dlclose(library)) {
        std::puts(dlerror());
    }
    std::puts("closed");
    return dlerror() ? 1 : 42;
}

// Constructors and destructors that open and close libraries themselves.
#include <cstdio>
#include <dlfcn.h>
#include <emscripten/em_macros.h>

static struct Early {
    void *library;
    Early() {
        std::puts("+ early");
        library = dlopen("opened-inner.wasm", RTLD_NOW);
        if (!library) {
            std::puts(dlerror());
        }
    }
    ~Early() {
        std::puts("- early");
        dlclose(library);
    }
} early;

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    std::puts("open outer");
    void *outer = dlopen("opened-outer.wasm", RTLD_NOW);
    if (!outer) {
        std::puts(dlerror());
        return 1;
    }
    auto use = reinterpret_cast<int (*)()>(dlsym(outer, "use"));
    int result = use();
    std::puts("close outer");
    dlclose(outer);
    std::puts("closed");
    return result;
}

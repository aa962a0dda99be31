// A thousand `dlopen` and `dlclose` leave memory and table as large as before; all destructors ran.
#include <cstdio>
#include <dlfcn.h>
#include <emscripten/em_macros.h>

extern "C" {
int table_size();

EMSCRIPTEN_KEEPALIVE int balance;
}

static bool open_and_close(int i) {
    void *library = dlopen("opened-plugin.wasm", RTLD_NOW);
    if (!library) {
        std::puts(dlerror());
        return false;
    }
    auto count = reinterpret_cast<int (*)(int)>(dlsym(library, "count"));
    auto array = static_cast<char *>(dlsym(library, "array"));
    // Data starts anew each time, whatever was there.
    bool right = count(i) == 1 && array[0] == 0 && array[99999] == 0 && balance == 1;
    array[0] = array[99999] = 1;
    return dlclose(library) == 0 && right && balance == 0;
}

extern "C" EMSCRIPTEN_KEEPALIVE int test() {
    // The first one brings libc++ along, which stays.
    bool right = open_and_close(0);
    int pages = __builtin_wasm_memory_size(0), slots = table_size();
    for (int i = 1; i <= 1000 && right; i++) {
        right = open_and_close(i);
    }
    std::printf("pages: %d more\n", (int)__builtin_wasm_memory_size(0) - pages);
    std::printf("slots: %d more\n", table_size() - slots);
    return right ? 42 : 1;
}

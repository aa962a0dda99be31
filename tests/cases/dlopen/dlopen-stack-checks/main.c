// A library opened later checks the same stack, and reports overflows to the linker's function.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *library = dlopen("opened-checked.wasm", RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    return ((int (*)(int))dlsym(library, "checked"))(42);
}

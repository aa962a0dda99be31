// Unloading a library destroys its `thread_local` objects before its static ones.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *closed = dlopen("opened-closed.wasm", RTLD_NOW);
    void *kept = dlopen("opened-kept.wasm", RTLD_NOW);
    if (!closed || !kept) {
        puts(dlerror());
        return 1;
    }
    ((void (*)(void))dlsym(closed, "go_closed"))();
    ((void (*)(void))dlsym(kept, "go_kept"))();
    puts("close the first");
    dlclose(closed);
    puts("the second stays open");
    return 42;
}

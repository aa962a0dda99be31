// Handlers that a library registers by `atexit` run when it is unloaded, or at the program's end.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>

static void of_program(void) {
    puts("- of the program");
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    atexit(of_program);
    void *first = dlopen("opened-first.wasm", RTLD_NOW);
    void *second = dlopen("opened-second.wasm", RTLD_NOW);
    if (!first || !second) {
        puts(dlerror());
        return 1;
    }
    ((void (*)(void))dlsym(first, "go"))();
    ((void (*)(void))dlsym(second, "go"))();
    puts("close the first");
    dlclose(first);
    puts("the second stays open");
    return 42;
}

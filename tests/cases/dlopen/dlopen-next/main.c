// With RTLD_NEXT a library that wraps a function finds the wrapped one.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *wrapper = dlopen("opened-wrapper.wasm", RTLD_NOW);
    if (!wrapper) {
        puts(dlerror());
        return 1;
    }
    int (*value)(int) = (int (*)(int))dlsym(wrapper, "value");
    printf("wrapped: %d\n", value(20));
    printf("of the program: %d\n", dlsym(RTLD_NEXT, "test") == NULL);
    printf("which is an error: %d\n", dlerror() != NULL);
    return 42;
}

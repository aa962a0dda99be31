// Opens modules that are compiled for threads. Their blocks of thread-local variables are prepared
// when they are opened, and prepared again when they are opened a second time.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

static int use(const char *file) {
    void *library = dlopen(file, RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 0;
    }
    // The variable is 5 at first, and each call returns it and adds one.
    int (*next)(void) = (int (*)(void))dlsym(library, "value");
    int sum = next() + next();
    int now = *(int *)dlsym(library, "variable");
    return dlclose(library) || now != 7 ? 0 : sum;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    int sum = 0;
    for (int times = 0; times < 2; times++) {
        sum += use("opened-static.wasm") + use("opened-block.wasm");
    }
    return sum - 2;
}

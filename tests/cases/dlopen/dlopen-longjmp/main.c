// A library calls `setjmp` although the program does not: libc, which runs already, has `longjmp`.
#include <emscripten/em_macros.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE void jump(jmp_buf place, int value) {
    longjmp(place, value);
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *library = dlopen("opened-plugin.wasm", RTLD_NOW);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    int (*sets)(int) = (int (*)(int))dlsym(library, "sets");
    printf("%d %d\n", sets(5), sets(0));
    dlclose(library);
    return 42;
}

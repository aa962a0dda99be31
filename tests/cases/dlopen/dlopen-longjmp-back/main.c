// An opened library jumps back to the program, past functions of both, and is closed afterwards.
#include <emscripten/em_macros.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE void call(void (*function)(void *, int), void *place, int value) {
    function(place, value);
    puts("not here");
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    jmp_buf place;
    int sum = 0;
    for (int i = 1; i <= 3; i++) {
        void *library = dlopen("opened-plugin.wasm", RTLD_NOW);
        if (!library) {
            puts(dlerror());
            return 1;
        }
        void (*jumps)(void *, int) = (void (*)(void *, int))dlsym(library, "jumps");
        int came = setjmp(place);
        if (came == 0) {
            jumps(place, i * 7);
        }
        sum += came;
        dlclose(library);
    }
    return sum;
}

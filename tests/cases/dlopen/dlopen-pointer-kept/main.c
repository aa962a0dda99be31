// A function pointer that is kept after its library has left traps, whatever joined since: its slot is empty, or, where
// another library has it now, a function of another type.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *library = dlopen("opened-plugin.wasm", RTLD_NOW);
    int (*answer)(void) = (int (*)(void))dlsym(library, "answer");
    printf("%d\n", answer());
    dlclose(library);
    puts("closed");
    fflush(stdout);
    return answer();
}

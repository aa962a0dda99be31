// A library that fails to open leaves the program as it was, and `dlerror` says all that is wrong.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>

int table_size(void);

static int check(const char *name) {
    // A block of the same size as before lies where that lay.
    void *before = malloc(100);
    free(before);
    int pages = __builtin_wasm_memory_size(0), slots = table_size();
    printf("%s\n", name);
    if (dlopen(name, RTLD_NOW | RTLD_GLOBAL)) {
        puts("opened");
    }
    printf("  %s\n", dlerror());
    if (dlsym(RTLD_DEFAULT, "bad")) {
        puts("  something of it is seen");
    }
    void *after = malloc(100);
    free(after);
    return (int)__builtin_wasm_memory_size(0) - pages + (table_size() > slots + 8);
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *good = dlopen("opened-good.wasm", RTLD_NOW | RTLD_GLOBAL);
    int grown = check("opened-undefined.wasm");
    grown += check("opened-types.wasm");
    grown += check("opened-needs.wasm");
    grown += check("opened-traps.wasm");
    grown += check("opened-starts.wasm");
    grown += check("opened-late.wasm");
    grown += check("opened-large.wasm");
    grown += check("opened-beyond.wasm");
    grown += check("opened-plain.wasm");
    printf("grown: %d\n", grown);
    int (*answer)(void) = good ? (int (*)(void))dlsym(good, "good") : NULL;
    return answer ? answer() : 1;
}

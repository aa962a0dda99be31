// `dladdr` finds the library and symbol of an address: of data, of functions, and of neither.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

static void tell(const char *what, const void *address) {
    Dl_info info;
    if (!dladdr(address, &info)) {
        printf("%s: nothing\n", what);
        return;
    }
    long distance = (const char *)address - (const char *)info.dli_saddr;
    printf("%s: %s of %s, %ld bytes on\n", what, info.dli_sname, info.dli_fname, distance);
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *library = dlopen("opened-plugin.wasm", RTLD_NOW);
    int *numbers = dlsym(library, "numbers");
    tell("a variable", numbers);
    tell("within it", numbers + 2);
    tell("a function", dlsym(library, "get"));
    Dl_info once, twice;
    dladdr(numbers, &once);
    dladdr(numbers, &twice);
    printf("names are kept: %d\n", once.dli_sname == twice.dli_sname);
    printf("its name opens it: %d\n", dlopen(once.dli_fname, RTLD_NOW) == library);
    dlclose(library);
    tell("null", NULL);
    tell("no function", (void *)1000000);
    dlclose(library);
    tell("after it has left", dlsym(RTLD_DEFAULT, "test") ? numbers : NULL);
    return 42;
}

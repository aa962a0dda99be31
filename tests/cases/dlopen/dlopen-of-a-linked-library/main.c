// A library that is linked to the program is open already: `dlsym` finds its symbols, and `dlopen`
// returns the same library, whose constructor does not run again, for the libraries that need it
// too.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdint.h>
#include <stdio.h>

extern int number;

EMSCRIPTEN_KEEPALIVE int64_t of_program(void) {
    return INT64_C(64) << 32;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    int64_t (*wide)(void) = (int64_t(*)(void))dlsym(RTLD_DEFAULT, "of_program");
    if (wide != of_program || wide() != INT64_C(64) << 32) {
        return 1;
    }
    if (dlsym(RTLD_DEFAULT, "of_nobody")) {
        return 2;
    }
    int (*next)(void) = (int (*)(void))dlsym(RTLD_DEFAULT, "next");
    if (!next || next() != 8 || dlsym(RTLD_DEFAULT, "number") != &number) {
        return 3;
    }
    void *linked = dlopen("lib-linked.wasm", RTLD_NOW);
    if (!linked) {
        puts(dlerror());
        return 4;
    }
    if (dlsym(linked, "next") != (void *)next) {
        return 5;
    }
    void *user = dlopen("opened-user.wasm", RTLD_NOW);
    int (*uses)(void) = (int (*)(void))dlsym(user, "uses");
    if (!uses || uses() != 9) {
        return 6;
    }
    if (dlclose(user) || dlclose(linked)) {
        return 7;
    }
    return next() + number + 22;
}

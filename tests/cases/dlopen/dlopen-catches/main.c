// A program in C opens a library in C++ that throws, and catches with many handlers: libc++ joins
// with the library.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *library = dlopen("opened-catches.wasm", RTLD_LAZY);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    int (*throws_and_catches)(int) = (int (*)(int))dlsym(library, "throws_and_catches");
    for (int which = 0; which < 6; which++) {
        if (throws_and_catches(which) != which) {
            return 2 + which;
        }
    }
    return 42;
}

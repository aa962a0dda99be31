// Target: wasm32-wasi
// `dlopen` in a program for wasi-libc.
#include <dlfcn.h>
#include <stdio.h>

int test(void) {
    void *library = dlopen("opened-twice.wasm", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        printf("%s\n", dlerror());
        return 0;
    }
    int (*twice)(int) = (int (*)(int))dlsym(library, "twice");
    printf("%s\n", dlsym(library, "missing") ? "found" : dlerror());
    int result = twice(21);
    dlclose(library);
    return result;
}

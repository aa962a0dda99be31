// A function has one address in the program, in a library, in another library, and for `dlsym`.
// A library uses the variables of one that was opened with RTLD_GLOBAL.
#include <dlfcn.h>
#include <emscripten/em_macros.h>
#include <stdio.h>
#include <stdlib.h>

typedef int (*unary)(int);

EMSCRIPTEN_KEEPALIVE int twice(int x) {
    return 2 * x;
}

EMSCRIPTEN_KEEPALIVE int never_taken(int x) {
    return 3 * x;
}

EMSCRIPTEN_KEEPALIVE int test(void) {
    void *a = dlopen("opened-a.wasm", RTLD_NOW | RTLD_GLOBAL);
    void *b = dlopen("opened-b.wasm", RTLD_NOW);
    if (!a || !b) {
        puts(dlerror());
        return 1;
    }
    unary (*a_takes)(int) = (unary(*)(int))dlsym(a, "a_takes");
    unary (*b_takes)(int) = (unary(*)(int))dlsym(b, "b_takes");
    printf("the program's: %d %d\n", a_takes(0) == twice, b_takes(0) == twice);
    printf("which it never takes: %d\n", a_takes(1) == b_takes(1));
    printf("by name: %d\n", dlsym(NULL, "never_taken") == (void *)a_takes(1));
    printf("libc's: %d %d\n", (void *)a_takes(2) == (void *)abs, (void *)b_takes(2) == (void *)abs);
    printf("the library's: %d %d\n", a_takes(3) == b_takes(3), (void *)a_takes(3) == dlsym(a, "own"));
    printf("by another name: %d\n", dlsym(a, "alias") == dlsym(a, "own"));
    printf("the library's variable: %d\n", ((int (*)(void))dlsym(b, "b_reads"))());
    printf("all are called: %d\n", a_takes(0)(1) + b_takes(1)(1) + a_takes(2)(-1) + b_takes(3)(1));
    // The library's function stays as long as somebody uses it.
    dlclose(a);
    printf("%d\n", b_takes(3)(1));
    dlclose(b);
    // Those of the program keep their addresses.
    printf("afterwards: %d\n", ((unary)dlsym(NULL, "never_taken"))(14));
    return 42;
}
